/// This computer's clock beside the hub's. Tokens, presence and all that is stored are told by the hub's; this computer's may be
/// wrong by years. Nothing is decided here that the hub decides: times are shown, and tokens renewed, by what it says.

import { signal } from '@preact/signals';

/// How far this computer's clock is ahead of the hub's, in milliseconds; null until the hub has said its time.
const ahead = signal<number | null>(null);
let isExact = false;

export const clockAhead = (): number => ahead.value ?? 0;
export const isClockKnown = (): boolean => ahead.value !== null;

/// `said`: the hub's time. `exact`: it was sent just now, and not kept for whoever comes.
export function hearHubTime(said: number, exact: boolean): void {
  if (Number.isNaN(said) || (isExact && !exact)) return;
  isExact = exact;
  ahead.value = Date.now() - said;
}

/// A moment of this computer's clock, by the hub's.
export const byHub = (ms: number): number => ms - clockAhead();
export const hubNow = (): number => byHub(Date.now());

export function forgetClock(): void {
  ahead.value = null;
  isExact = false;
}
