/// Requests that wait for their answers. Decides only: no socket, no timer of its own.
///
/// A request keeps its correlation id for its life, so sending it again after a lost connection runs nothing twice
/// (docs/contract.md, section 3).
/// Bounds: waiting_max; more is refused as `busy`.

import { HubError, isObject, text, type JsonObject, type Service } from './wire';

export interface Waiting {
  service: Service;
  id: string;
  body: JsonObject;
  deadline: number; // of performance.now(), which no change of the clock moves
  /// Of the last event: one that comes twice, by two subscriptions that overlap, counts once.
  seq?: number;
  onEvent?: ((event: string, data: JsonObject) => void) | undefined;
  resolve(result: JsonObject): void;
  reject(error: HubError): void;
}

export const waiting_max = 256;

export class Pending {
  private readonly waiting = new Map<string, Waiting>();

  get size(): number {
    return this.waiting.size;
  }

  add(request: Waiting): void {
    if (this.waiting.size >= waiting_max) {
      request.reject(new HubError('busy', 'too many requests of this page are under way'));
      return;
    }
    this.waiting.set(request.id, request);
  }

  /// Those still good at `now`, oldest first: what is sent again on a new connection.
  unanswered(now: number): Waiting[] {
    return [...this.waiting.values()].filter((request) => request.deadline > now);
  }

  expire(now: number): void {
    for (const request of [...this.waiting.values()]) {
      if (request.deadline <= now) this.fail(request.id, new HubError('timeout', 'no answer came in time'));
    }
  }

  /// The earliest deadline; Infinity when nothing waits.
  nextDeadline(): number {
    let next = Infinity;
    for (const request of this.waiting.values()) next = Math.min(next, request.deadline);
    return next;
  }

  fail(id: string, error: HubError): void {
    const request = this.waiting.get(id);
    if (!request) return;
    this.waiting.delete(id);
    request.reject(error);
  }

  failAll(error: HubError): void {
    for (const id of [...this.waiting.keys()]) this.fail(id, error);
  }

  /// A message on a response topic. Anything that answers nothing of ours is ignored.
  accept(message: unknown): void {
    if (!isObject(message)) return;
    const request = this.waiting.get(text(message.correlation_id));
    if (!request) return;
    if (typeof message.event === 'string') {
      const seq = typeof message.seq === 'number' ? message.seq : null;
      if (seq !== null && request.seq !== undefined && seq <= request.seq) return;
      if (seq !== null) request.seq = seq;
      request.onEvent?.(message.event, isObject(message.data) ? message.data : {});
      return;
    }
    if (typeof message.success !== 'boolean') return;
    this.waiting.delete(request.id);
    if (message.success) {
      request.resolve(isObject(message.result) ? message.result : { result: message.result ?? null });
      return;
    }
    const error = isObject(message.error) ? message.error : {};
    request.reject(
      new HubError(text(error.code, 'internal'), text(error.message), isObject(error.details) ? error.details : {}),
    );
  }
}
