/// The hub's contract as far as the dashboard uses it (docs/contract.md). What arrives is untrusted: these are the
/// shapes that are expected, and the places that read them cope with others.

export type Service = 'skills' | 'chat' | 'sessions' | 'devices' | 'users';
export const services: readonly Service[] = ['skills', 'chat', 'sessions', 'devices', 'users'];

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
export type JsonObject = { [member: string]: Json };

export interface Device {
  device_id: string;
  name: string;
  normalized_name: string;
  user_id: string;
  is_active: boolean;
  online: boolean;
  last_seen: string | null;
  created_at: string;
  skill_count: number;
  room?: string | null;
  aliases?: string[];
  capabilities?: string[];
  metadata?: JsonObject;
}

export interface Skill {
  class_name: string;
  function_name: string;
  signature: string;
  docstring: string;
  device_agnostic?: boolean;
  confirm?: boolean;
  device_id: string;
  device_name: string;
}

export interface Status {
  state: 'online' | 'offline';
  since?: string;
  reason?: string;
}

export interface Provider {
  name: string;
  state: 'closed' | 'open' | 'half_open';
  requests: number;
  failures: number;
  retry_in_ms?: number;
}

export interface Health {
  uptime_s: number;
  rss_bytes: number;
  devices: number;
  devices_connected: number;
  skills: number;
  requests_in_flight: number;
  calls_in_flight: number;
  chats_in_flight: number;
  totals: Record<string, number>;
  database_bytes: number;
  disk_free_bytes?: number;
  disk_low: boolean;
  providers: Provider[];
  ts: string;
}

export interface HubInfo extends JsonObject {}

export interface Session {
  session_id: string;
  title: string;
  message_count: number;
  device_id: string;
  is_active: boolean;
  created_at: string;
  last_activity: string;
}

export interface Message {
  message_id: string;
  role: string;
  content: string;
  created_at: string;
}

export type ErrorCode =
  | 'bad_request'
  | 'unsupported_version'
  | 'unknown_op'
  | 'too_large'
  | 'forbidden'
  | 'not_found'
  | 'ambiguous'
  | 'device_offline'
  | 'timeout'
  | 'skill_error'
  | 'busy'
  | 'rate_limited'
  | 'quota_exceeded'
  | 'provider_error'
  | 'provider_timeout'
  | 'cancelled'
  | 'already_done'
  | 'shutting_down'
  | 'internal'
  // the dashboard's own
  | 'offline'
  | 'unauthorized'
  | 'unreadable';

/// An answer that is none. `code` is what programs decide by, `message` the hub's own words.
export class HubError extends Error {
  constructor(
    readonly code: ErrorCode | string,
    message: string,
    readonly details: JsonObject = {},
  ) {
    super(message);
    this.name = 'HubError';
  }
}

/// Of an id that somebody has, in these letters or in others.
export const isTaken = (error: unknown): boolean =>
  error instanceof HubError && error.code === 'forbidden' && error.details.path === '/user_id';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

export function count(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
