/// A page whose code is loaded when it is first shown.

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

import { t } from '../text';
import { Button, Empty, Loading } from './parts';

export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | 'failed' | null>(null);
  let started = false;
  const start = (): void => {
    started = true;
    load().then(
      (component) => (loaded.value = component),
      () => {
        started = false;
        loaded.value = 'failed';
      },
    );
  };
  return function Lazy(props: Props) {
    if (!started && loaded.value === null) start();
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
