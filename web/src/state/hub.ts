/// What the hub says about itself: hub/state, hub/info, hub/health.

import { signal } from '@preact/signals';

import { isObject, text, type Health, type JsonObject } from '../hub/wire';
import { forgetClock, hearHubTime } from './clock';
import { ask, claims, refresh, whenForgotten, whenMessage, whenOnline } from './session';

export const hubOnline = signal<boolean | null>(null);
export const hubInfo = signal<JsonObject | null>(null);
export const health = signal<Health | null>(null);
export const brokerHealth = signal<JsonObject | null>(null);

export interface UsageToday {
  chats: number;
  tokens: number;
}
export const usageToday = signal<UsageToday | null>(null);

const usage_interval_ms = 60_000;

function parse(payload: Uint8Array): JsonObject | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

whenMessage((topic, payload, retained) => {
  if (!topic.startsWith('hub/')) return;
  const value = parse(payload);
  if (!value) return;
  if (topic === 'hub/state') {
    const wasAway = hubOnline.value === false;
    hubOnline.value = value.state === 'online';
    if (wasAway && hubOnline.value) refresh();
  }
  if (topic === 'hub/info') hubInfo.value = value;
  if (topic === 'hub/broker') brokerHealth.value = value;
  if (topic === 'hub/health') {
    health.value = value as unknown as Health;
    // A retained one is up to ten seconds old, and older when the hub is away.
    if (!retained || hubOnline.value !== false) hearHubTime(Date.parse(text(value.ts)), !retained);
  }
});

export async function loadUsage(): Promise<void> {
  if (claims.value?.type === 'admin') return;
  const answer = await ask('chat', { op: 'usage', days: 1 });
  const totals = isObject(answer.totals) ? answer.totals : {};
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
  usageToday.value = {
    chats: number(totals.requests),
    tokens: number(totals.total_tokens) || number(totals.prompt_tokens) + number(totals.completion_tokens),
  };
}

const loadQuietly = (): void => void loadUsage().catch(() => {});
whenOnline(loadQuietly);
setInterval(() => document.visibilityState === 'visible' && usageToday.value && loadQuietly(), usage_interval_ms);

whenForgotten(() => {
  hubOnline.value = null;
  hubInfo.value = null;
  health.value = null;
  brokerHealth.value = null;
  usageToday.value = null;
  forgetClock();
});
