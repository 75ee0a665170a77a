/// What happens, as it happens: an admin sees every request, call and answer, others the answers to their own.
///
/// Bounds: lines_max lines; what is long is cut; secrets in what is shown are left out.

import { signal } from '@preact/signals';

import { isObject, text, type Json, type JsonObject } from '../hub/wire';
import { devices, nameInStatus } from './devices';
import { claims, isAdmin, subscribe, unsubscribe, whenForgotten, whenMessage } from './session';

export interface Line {
  key: number;
  at: number;
  topic: string;
  kind: 'request' | 'event' | 'answer' | 'call' | 'result' | 'presence' | 'audit';
  who: string;
  what: string;
  failed: boolean;
  code: string;
  id: string; // correlation id
  parent: string; // of a call that a chat makes: the chat's request
  took: number | null; // ms
  body: Json;
}

export const lines_max = 1000;
const payload_bytes_max = 64 * 1024;
const secrets = new Set(['password', 'old', 'new', 'access_token', 'token', 'renewal_token']);
const begun_max = 2000;

export const lines = signal<readonly Line[]>([]);
export const isPaused = signal(false);

let key = 0;
let watching = false;
let fresh: Line[] = [];
let frame = 0;
const begun = new Map<string, { at: number; what: string }>();
const recent: string[] = [];

function topics(): string[] {
  if (isAdmin.value) return ['+/+/request', '+/+/response/#', 'skills/+/call', 'skills/+/result', 'hub/audit'];
  const me = claims.value?.sub ?? '';
  return ['skills', 'chat', 'sessions', 'devices'].map((service) => `${service}/${me}/response/#`);
}

export const nameOf = (id: string): string => devices.value.get(id)?.name ?? nameInStatus(id) ?? id;

export function watch(): () => void {
  watching = true;
  const wanted = topics();
  subscribe(wanted);
  return () => {
    watching = false;
    unsubscribe(wanted);
  };
}

/// A copy without what nobody should read over a shoulder.
export function withoutSecrets(value: Json, depth = 0): Json {
  if (depth > 12) return '…';
  if (Array.isArray(value)) return value.slice(0, 200).map((one) => withoutSecrets(one, depth + 1));
  if (!isObject(value)) return typeof value === 'string' && value.length > 4000 ? `${value.slice(0, 4000)}…` : value;
  const copy: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    copy[name] = secrets.has(name) && typeof member === 'string' ? '•••' : withoutSecrets(member, depth + 1);
  }
  return copy;
}

function remember(id: string, what: string): void {
  if (!id) return;
  begun.set(id, { at: performance.now(), what });
  if (begun.size > begun_max) begun.delete(begun.keys().next().value ?? '');
}

function took(id: string): number | null {
  const since = begun.get(id);
  return since ? performance.now() - since.at : null;
}

function wordsOf(service: string, body: JsonObject): string {
  const op = text(body.op) || (service === 'chat' ? 'complete' : text(body.skill_path) ? 'call' : '?');
  const about = text(body.skill_path) || text(body.tool) || text(body.path) || text(body.query) || text(body.device_id) || text(body.session_id);
  return `${service}.${op}${about ? ` ${about}` : ''}`;
}

function lineOf(topic: string, body: JsonObject, properties: Record<string, string>): Line | null {
  const [family = '', id = '', kind = ''] = topic.split('/');
  const line: Line = {
    key: ++key,
    at: Date.now(),
    topic,
    kind: 'event',
    who: id,
    what: '',
    failed: false,
    code: '',
    id: text(body.correlation_id),
    parent: properties['strawberry-request-id'] ?? '',
    took: null,
    body: withoutSecrets(body),
  };
  if (topic === 'hub/audit') {
    const outcome = text(body.outcome);
    return { ...line, kind: 'audit', who: text(body.actor), what: `${text(body.action)} ${text(body.subject)}`, failed: outcome !== 'ok', code: outcome };
  }
  if (family === 'devices' && kind === 'status') {
    return { ...line, kind: 'presence', what: text(body.state), code: text(body.reason) };
  }
  if (kind === 'request') {
    const what = wordsOf(family, body);
    remember(line.id, what);
    return { ...line, kind: 'request', what };
  }
  if (kind === 'call') {
    remember(line.id, text(body.skill_path));
    return { ...line, kind: 'call', what: text(body.skill_path) };
  }
  if (kind !== 'result' && kind !== 'response') return null;
  const error = isObject(body.error) ? text(body.error.code) : text(body.error);
  const event = text(body.event);
  if (event === 'delta') return null; // an answer arrives in many: its end is shown
  const what = event ? `${family}.${event}` : (begun.get(line.id)?.what ?? `${family}`);
  return { ...line, kind: event ? 'event' : kind === 'result' ? 'result' : 'answer', what, failed: body.success === false, code: error, took: event ? null : took(line.id) };
}

whenMessage((topic, payload, retained, properties) => {
  if (!watching || isPaused.value || payload.length > payload_bytes_max || retained) return;
  if (topic.startsWith('hub/') && topic !== 'hub/audit') return;
  const raw = new TextDecoder().decode(payload);
  // Two subscriptions that overlap bring one message twice.
  const mark = `${topic} ${raw}`;
  if (recent.includes(mark)) return;
  recent.push(mark);
  if (recent.length > 40) recent.shift();
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    body = { text: raw.slice(0, 2000) };
  }
  if (!isObject(body)) return;
  const line = lineOf(topic, body, properties);
  if (!line) return;
  fresh.push(line);
  if (frame) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    const added = fresh.reverse();
    fresh = [];
    lines.value = [...added, ...lines.value].slice(0, lines_max);
  });
});

/// The id under which the hub makes a request's call (docs/contract.md, section 4), for each kind of principal.
export async function callIdsOf(line: Line): Promise<string[]> {
  const [service = '', id = ''] = line.topic.split('/');
  if (!line.id || !crypto.subtle) return [];
  const user = devices.value.get(id)?.user_id ?? id;
  const found: string[] = [];
  for (const type of ['user', 'device', 'admin']) {
    const source = `${type}/${type === 'admin' ? '' : user}/${id}\n${service}\nid ${line.id}`;
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(source))).slice(0, 16);
    hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
    hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
    const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
    found.push([hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-'));
  }
  return found;
}

/// All lines of one request, from its start to its end.
export async function storyOf(line: Line): Promise<Line[]> {
  const start = lines.value.find((one) => one.kind === 'request' && one.id !== '' && one.id === line.id) ?? line;
  const ids = new Set([start.id, line.id, ...(await callIdsOf(start))].filter(Boolean));
  const calls = new Set(lines.value.filter((one) => ids.has(one.parent) || ids.has(one.id)).map((one) => one.id));
  const story = lines.value.filter((one) => one.key === line.key || (one.id !== '' && (ids.has(one.id) || calls.has(one.id))));
  return story.sort((a, b) => a.key - b.key);
}

whenForgotten(() => {
  lines.value = [];
  begun.clear();
  isPaused.value = false;
});
