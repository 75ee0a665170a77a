/// What is asked of the web door by HTTP, before there is a connection: signing in, and whether a token still holds.
///
/// Errors: HubError; `offline` when the door does not answer.

import { HubError, isObject, text, type JsonObject } from './wire';

const answer_timeout_ms = 15_000;

async function ask(path: string, token: string | null, body: JsonObject | null): Promise<unknown> {
  const headers: Record<string, string> = {};
  if (token) headers.authorization = `Bearer ${token}`;
  if (body) headers['content-type'] = 'application/json';
  let answer: Response;
  let read: unknown;
  try {
    answer = await fetch(path, {
      method: body ? 'POST' : 'GET',
      headers,
      body: body ? JSON.stringify(body) : null,
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(answer_timeout_ms),
    });
    read = await answer.json().catch(() => null);
  } catch {
    throw new HubError('offline', 'the web door does not answer');
  }
  if (answer.ok) return read;
  const error = isObject(read) && isObject(read.error) ? read.error : {};
  const code = answer.status === 401 ? 'unauthorized' : text(error.code, answer.status === 404 ? 'not_found' : 'internal');
  const details = isObject(error.details) ? error.details : {};
  const after = Number(answer.headers.get('retry-after'));
  if (after > 0 && details.retry_after_ms === undefined) details.retry_after_ms = after * 1000;
  throw new HubError(answer.status === 503 ? 'offline' : code, text(error.message), details);
}

function tokenIn(answer: unknown): string {
  const token = isObject(answer) ? text(answer.access_token) : '';
  if (!token) throw new HubError('unreadable', 'an answer without a token');
  return token;
}

/// Longer ones are none of the hub's; the web door would not even read them.
const password_bytes_max = 1024;

function checked(password: string): string {
  if (new TextEncoder().encode(password).length > password_bytes_max) throw new HubError('password_long', '');
  return password;
}

export async function login(user: string, password: string): Promise<string> {
  return tokenIn(await ask('/api/v1/users/login', null, { user, password: checked(password) }));
}

/// The one-time token of a login link buys a user's token.
export async function redeemLink(grant: string): Promise<string> {
  return tokenIn(await ask('/api/v1/users/link', null, { token: grant }));
}

/// By the link that a hub without accounts prints at its first start.
export async function createFirstAdmin(grant: string, user: string, password: string): Promise<string> {
  return tokenIn(await ask('/api/v1/users/create_first_admin', grant, { user_id: user, password: checked(password) }));
}

export function download(path: string, token: string): Promise<Response> {
  return fetch(path, { headers: { authorization: `Bearer ${token}` }, cache: 'no-store', credentials: 'omit' });
}

/// False only when the hub says so.
export async function isTokenGood(token: string): Promise<boolean> {
  try {
    await ask('/api/v1/devices/me', token, null);
    return true;
  } catch (error) {
    return !(error instanceof HubError && error.code === 'unauthorized');
  }
}
