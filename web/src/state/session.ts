/// Who is signed in, and the connection that goes with it. Everything else that is known of the hub hangs on it, and is
/// forgotten with it.

import { computed, signal } from '@preact/signals';

import { HubConnection, type ConnectionState, type RequestOptions } from '../hub/connection';
import { isTokenGood } from '../hub/door';
import { claimsOf, type Claims } from '../hub/token';
import { HubError, text, type JsonObject, type Service } from '../hub/wire';
import { hubNow, isClockKnown } from './clock';
import { keep, kept } from './storage';

const token_key = 'strawberry.token';
const live_topics = ['devices/+/status', 'devices/+/skills', 'hub/+'];
const renew_when_left = 0.25; // of a token's life
const renew_check_ms = 60_000;

export const claims = signal<Claims | null>(null);
export const connectionState = signal<ConnectionState>('closed');
export type Ended = 'expired' | 'revoked' | 'refused' | 'elsewhere';
/// Why the sign-in page is shown although somebody was signed in.
export const endedBecause = signal<Ended | null>(null);
/// As the hub knows the account: null until it has said so, and on hubs without accounts.
export interface Account {
  name: string;
  role: string;
  guestOf: string;
  hasPassword: boolean;
  limited: boolean; // the token has scopes
}
export const account = signal<Account | null>(null);
export const isAdmin = computed(
  () => claims.value?.type === 'admin' || (account.value?.role === 'admin' && !account.value.limited),
);
export const isGuest = computed(() => account.value?.role === 'guest');
export const isDevice = computed(() => claims.value?.type === 'device');

export const ownUser = (): string => (claims.value?.type === 'admin' ? '' : (claims.value?.userId ?? ''));

/// An admin who acts for somebody else says for whom.
export function actingFor(user: string, body: JsonObject): JsonObject {
  return isAdmin.value && user !== ownUser() ? { ...body, user_id: user } : body;
}

async function loadAccount(): Promise<void> {
  const answer = await ask('users', { op: 'me' });
  account.value = {
    name: text(answer.name),
    role: text(answer.role),
    guestOf: text(answer.guest_of),
    hasPassword: answer.has_password === true,
    limited: answer.scope !== null && answer.scope !== undefined,
  };
}

type MessageHandler = (
  topic: string,
  payload: Uint8Array,
  retained: boolean,
  properties: Record<string, string>,
) => void;
const messageHandlers: MessageHandler[] = [];
const onlineHandlers: (() => void)[] = [];
const forgetHandlers: (() => void)[] = [];

export const whenMessage = (handler: MessageHandler): void => void messageHandlers.push(handler);
/// Called each time the hub is there again: what may have changed meanwhile is read again.
export const whenOnline = (handler: () => void): void => void onlineHandlers.push(handler);
export const whenForgotten = (handler: () => void): void => void forgetHandlers.push(handler);

let connection: HubConnection | null = null;
let currentToken = '';
let renewal: ReturnType<typeof setInterval> | undefined;

function socketUrl(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/mqtt`;
}

/// Counts how often the hub has been there again, from the first time on: what is shown is read again then.
export const served = signal(0);

/// Called on each connection, and when the bridge was away and is back.
export function refresh(): void {
  const of = connection;
  void loadAccount()
    .catch(() => {})
    .then(() => {
      if (of !== connection) return;
      for (const handler of onlineHandlers) handler();
      served.value += 1;
    });
}

function onState(state: ConnectionState): void {
  connectionState.value = state;
  if (state === 'online') {
    endedBecause.value = null;
    refresh();
  }
  if (state === 'refused') {
    keepToken(null, false);
    // The page stays as it is, below the form that asks to sign in again: nothing that was typed is lost.
    endedBecause.value = !isClockKnown() ? 'refused' : (claims.value?.expiresAt ?? 0) <= hubNow() + 5_000 ? 'expired' : 'revoked';
  }
}

function keepToken(token: string | null, stay: boolean): void {
  keep('local', token_key, stay ? token : null);
  keep('session', token_key, stay ? null : token);
}

/// False when `token` is none. Signing in as the user who was signed in keeps what the page shows.
export function signIn(token: string, stay: boolean): boolean {
  const read = claimsOf(token);
  if (!read) return false;
  const same = claims.value?.sub === read.sub && claims.value.type === read.type;
  currentToken = token.trim();
  keepToken(currentToken, stay);
  if (!same) forget();
  connection?.close();
  claims.value = read;
  connection = new HubConnection(
    currentToken,
    read,
    socketUrl(),
    live_topics,
    {
      onState,
      onMessage: (topic, payload, retained, properties) => {
        for (const handler of messageHandlers) handler(topic, payload, retained, properties);
      },
    },
    isTokenGood,
  );
  connection.open();
  clearInterval(renewal);
  renewal = setInterval(() => void renewIfOld(), renew_check_ms);
  return true;
}

export function signOut(): void {
  keepToken(null, false);
  leave();
}

function leave(): void {
  clearInterval(renewal);
  connection?.close();
  connection = null;
  claims.value = null;
  account.value = null;
  endedBecause.value = null;
  forget();
}

function forget(): void {
  for (const handler of forgetHandlers) handler();
}

/// Signs in with what the browser kept. False when it kept nothing.
export function resume(): boolean {
  const stayed = kept('local', token_key);
  const token = stayed ?? kept('session', token_key);
  return token !== null && signIn(token, stayed !== null);
}

export function ask(service: Service, body: JsonObject, options?: RequestOptions): Promise<JsonObject> {
  if (!connection) return Promise.reject(new HubError('offline', 'nobody is signed in'));
  return connection.request(service, body, options);
}

export function subscribe(topics: readonly string[]): void {
  connection?.subscribe(topics);
}

export function unsubscribe(topics: readonly string[]): void {
  connection?.unsubscribe(topics);
}

/// Only for what the browser asks of the web door by HTTP, such as a backup.
export function bearer(): string {
  return currentToken;
}

/// A token that is used is renewed before it ends. Its old one stays good until its own end.
async function renewIfOld(): Promise<void> {
  const held = claims.value;
  if (!held || connectionState.value !== 'online' || document.visibilityState !== 'visible') return;
  const life = held.expiresAt - held.issuedAt;
  // By the hub's clock: this computer's may be wrong by years.
  if (held.type === 'admin' || !isClockKnown() || held.expiresAt - hubNow() > life * renew_when_left) return;
  try {
    const answer = await ask('devices', { op: 'refresh_token' });
    const token = typeof answer.access_token === 'string' ? answer.access_token : '';
    const read = claimsOf(token);
    if (!read || read.expiresAt <= held.expiresAt) return;
    keepToken(token, kept('local', token_key) !== null);
    currentToken = token;
    claims.value = read;
    connection?.useToken(token);
  } catch {
    // It is tried again; when the token ends, the page asks to sign in.
  }
}

/// Two tabs: who signs out, or in as somebody else, does so in all of this browser's.
addEventListener('storage', (event) => {
  if (event.key !== token_key) return;
  const stayed = kept('local', token_key);
  if (stayed === null && claims.value && kept('session', token_key) === null) {
    leave();
    endedBecause.value = 'elsewhere';
  } else if (stayed !== null && stayed !== currentToken) {
    const read = claimsOf(stayed);
    if (read && read.sub === claims.value?.sub && connectionState.value !== 'refused') {
      currentToken = stayed;
      connection?.useToken(stayed);
    } else {
      signIn(stayed, true);
    }
  }
});
