/// What a page reads of the hub: when it is first shown, and again each time the hub was away and is back.

import { effect, untracked } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { connectionState, served } from '../state/session';

export function useWhenServed(load: () => void, inputs: readonly unknown[] = []): void {
  useEffect(
    () =>
      effect(() => {
        if (served.value > 0 && untracked(() => connectionState.value) === 'online') untracked(load);
      }),
    inputs as unknown[],
  );
}
