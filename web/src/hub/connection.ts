/// The dashboard's one connection to the hub: MQTT 5 over the web door's WebSocket, with the token as password. The
/// broker's plugin decides what may be read and written; nothing is checked here that it does not check.
///
/// Lifetime: from open() to close(). It connects again by itself, with a growing pause, and sends what has no answer yet
/// again under its own id.
/// Errors: request() rejects with HubError. A token that the hub no longer takes ends it: onState('refused').

import mqtt, { type MqttClient } from 'mqtt';

import type { Claims } from './token';
import { Pending } from './pending';
import { HubError, services, type JsonObject, type Service } from './wire';

export type ConnectionState = 'connecting' | 'online' | 'waiting' | 'refused' | 'closed';

export interface Listener {
  onState(state: ConnectionState): void;
  /// A message on a topic that is no answer of ours. `payload` is bytes: anybody's.
  onMessage(topic: string, payload: Uint8Array, retained: boolean, properties: Record<string, string>): void;
}

export interface RequestOptions {
  timeoutMs?: number;
  onEvent?: (event: string, data: JsonObject) => void;
  /// Chosen by the caller when it wants to cancel the request.
  id?: string;
}

const keepalive_s = 180; // a hidden tab's timers run once a minute
const connect_timeout_ms = 10_000;
const first_pause_ms = 400;
const longest_pause_ms = 15_000;
const request_timeout_ms = 30_000;
const request_bytes_max = 250 * 1024;
const refusals = new Set([0x84, 0x86, 0x87]); // not authorised, in the words of MQTT 5

function userProperties(given: object | undefined): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(given ?? {})) read[name] = String(value);
  return read;
}

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class HubConnection {
  private client: MqttClient | null = null;
  private pause = first_pause_ms;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private expiry: ReturnType<typeof setTimeout> | undefined;
  private readonly pending = new Pending();
  private readonly tab = newId().slice(0, 12);
  private state: ConnectionState = 'closed';
  private topics: string[];
  private token: string;

  constructor(
    token: string,
    readonly claims: Claims,
    private readonly url: string,
    topics: readonly string[],
    private readonly listener: Listener,
    private readonly isStillGood: (token: string) => Promise<boolean>,
  ) {
    this.token = token;
    this.topics = [...topics];
  }

  open(): void {
    this.connect();
    addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
  }

  close(): void {
    this.change('closed');
    removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
    clearTimeout(this.timer);
    clearTimeout(this.expiry);
    this.client?.end(true);
    this.client = null;
    this.pending.failAll(new HubError('offline', 'signed out'));
  }

  /// The next connection uses `token`; this one is left open until the broker ends it.
  useToken(token: string): void {
    this.token = token;
    if (this.state === 'refused') {
      this.pause = first_pause_ms;
      this.connect();
    }
  }

  get me(): string {
    return this.claims.sub;
  }

  request(service: Service, body: JsonObject, options: RequestOptions = {}): Promise<JsonObject> {
    const timeout = options.timeoutMs ?? request_timeout_ms;
    const id = options.id ?? newId();
    return new Promise((resolve, reject) => {
      if (this.state === 'closed') return reject(new HubError('offline', 'signed out'));
      const whole: JsonObject = { ...body, correlation_id: id, timeout_ms: Math.min(timeout, 120_000) };
      if (JSON.stringify(whole).length > request_bytes_max) {
        return reject(new HubError('too_large', 'more than 256 KiB'));
      }
      this.pending.add({
        service,
        id,
        body: whole,
        deadline: performance.now() + timeout + 2_000,
        onEvent: options.onEvent,
        resolve,
        reject,
      });
      if (this.state === 'online') this.send(service, whole);
      this.watchDeadlines();
    });
  }

  /// Further topics, also on each later connection.
  subscribe(topics: readonly string[]): void {
    const added = topics.filter((topic) => !this.topics.includes(topic));
    this.topics.push(...added);
    if (this.state === 'online' && added.length) this.client?.subscribe(added, { qos: 0 }, () => {});
  }

  unsubscribe(topics: readonly string[]): void {
    this.topics = this.topics.filter((topic) => !topics.includes(topic));
    if (this.state === 'online') this.client?.unsubscribe([...topics], () => {});
  }

  private change(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = state;
    this.listener.onState(state);
  }

  private readonly hurry = (): void => {
    if (document.visibilityState === 'visible' && this.state === 'waiting') {
      this.pause = first_pause_ms;
      this.connect();
    }
  };

  private connect(): void {
    clearTimeout(this.timer);
    this.client?.end(true);
    this.change('connecting');
    const client = mqtt.connect(this.url, {
      protocolVersion: 5,
      clientId: `quiet-web-${this.tab}${newId().slice(0, 6)}`,
      username: this.claims.sub,
      password: this.token,
      clean: true,
      keepalive: keepalive_s,
      connectTimeout: connect_timeout_ms,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      timerVariant: 'native',
      properties: { sessionExpiryInterval: 0 },
    });
    this.client = client;
    const isCurrent = (): boolean => this.client === client;
    client.on('connect', () => isCurrent() && this.ready(client));
    client.on('message', (topic, payload, packet) => {
      if (isCurrent()) this.received(topic, payload, packet.retain, userProperties(packet.properties?.userProperties));
    });
    client.on('error', (error) => {
      const code = (error as { code?: number | string }).code;
      if (isCurrent() && typeof code === 'number' && refusals.has(code)) void this.wasRefused(client);
    });
    client.on('close', () => isCurrent() && this.wait());
  }

  private ready(client: MqttClient): void {
    const answers = services.map((service) => `${service}/${this.me}/response/${this.tab}`);
    // A topic that this principal may not read is refused by itself; the others hold.
    client.subscribe([...answers, ...this.topics], { qos: 1 }, () => {
      if (this.client !== client) return;
      this.pause = first_pause_ms;
      this.change('online');
      for (const request of this.pending.unanswered(performance.now())) this.send(request.service, request.body);
    });
  }

  private send(service: Service, body: JsonObject): void {
    const id = String(body.correlation_id);
    this.client?.publish(
      `${service}/${this.me}/request`,
      JSON.stringify(body),
      { qos: 1, properties: { responseTopic: `${service}/${this.me}/response/${this.tab}` } },
      (error) => {
        const code = (error as { code?: number } | undefined)?.code;
        if (code === 0x87) this.pending.fail(id, new HubError('forbidden', 'the broker does not take this request'));
      },
    );
  }

  private received(topic: string, payload: Uint8Array, retained: boolean, properties: Record<string, string>): void {
    if (topic.endsWith(`/response/${this.tab}`)) {
      try {
        this.pending.accept(JSON.parse(new TextDecoder().decode(payload)));
      } catch {
        // No JSON: answers nothing.
      }
    }
    this.listener.onMessage(topic, payload, retained, properties);
  }

  private async wasRefused(client: MqttClient): Promise<void> {
    // "Not authorised" is also said to who connects too often: the web door knows better.
    const good = await this.isStillGood(this.token).catch(() => true);
    if (this.client !== client || good) return;
    clearTimeout(this.timer);
    client.end(true);
    this.change('refused');
  }

  private wait(): void {
    if (this.state === 'refused' || this.state === 'closed') return;
    this.change('waiting');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, longest_pause_ms);
  }

  private watchDeadlines(): void {
    clearTimeout(this.expiry);
    const next = this.pending.nextDeadline();
    if (next === Infinity) return;
    this.expiry = setTimeout(
      () => {
        this.pending.expire(performance.now());
        this.watchDeadlines();
      },
      Math.max(50, next - performance.now()),
    );
  }
}
