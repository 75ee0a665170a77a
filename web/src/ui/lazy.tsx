/// A page whose code is loaded when it is first shown, or before that when the browser has nothing else to do: then it is
/// there also when the web door is not.

import { effect, signal } from '@preact/signals';
import type { ComponentType } from 'preact';

import { served } from '../state/session';
import { t } from '../text';
import { Button, Empty, Loading } from './parts';

const idle_after_ms = 2_000;

export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | 'failed' | null>(null);
  let started = false;
  const start = (): void => {
    if (started) return;
    started = true;
    load().then(
      (component) => (loaded.value = component),
      () => {
        started = false;
        loaded.value = 'failed';
      },
    );
  };
  // Once the hub is there, and each time that it is there again.
  effect(() => {
    if (served.value > 0) setTimeout(start, idle_after_ms);
  });
  return function Lazy(props: Props) {
    if (loaded.value === null) start();
    const Component = loaded.value;
    if (Component === null) return <Loading />;
    if (Component === 'failed') {
      return (
        <Empty icon="warning" title={t('load.failed')}>
          <Button kind="primary" icon="again" onClick={() => location.reload()}>
            {t('load.again')}
          </Button>
        </Empty>
      );
    }
    return <Component {...props} />;
  };
}
