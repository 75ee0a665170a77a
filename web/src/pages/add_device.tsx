/// Registering a device. Its token is shown here and never again: as text, as a QR code, and as commands to paste.

import { useSignal } from '@preact/signals';

import { text } from '../hub/wire';
import { go } from '../router';
import { loadDevices, viewedUser } from '../state/devices';
import { actingFor, ask, isAdmin, ownUser } from '../state/session';
import { t } from '../text';
import { lazy } from '../ui/lazy';
import { Button, Dialog, Field, Problem, useTask } from '../ui/parts';

export const TokenOnce = lazy(() => import('./token_once').then((module) => module.TokenOnce));
const name_characters_max = 128;

export interface NewToken {
  device_id: string;
  name: string;
  token: string;
}

export function AddDevice({ onClose }: { onClose: () => void }) {
  const name = useSignal('');
  const owner = useSignal(viewedUser.value || ownUser());
  const added = useSignal<NewToken | null>(null);
  const { busy, error, run } = useTask();

  const submit = (event: Event): void => {
    event.preventDefault();
    void run(async () => {
      const answer = await ask('devices', actingFor(owner.value.trim(), { op: 'register', name: name.value.trim() }));
      added.value = { device_id: text(answer.device_id), name: text(answer.name), token: text(answer.access_token) };
      void loadDevices();
    });
  };

  if (added.value) {
    const { device_id } = added.value;
    const done = (): void => {
      onClose();
      go('device', device_id);
    };
    return (
      <Dialog title={t('token.title', { name: added.value.name })} onClose={done} wide>
        <TokenOnce made={added.value} />
        <div class="actions">
          <Button kind="primary" onClick={done}>
            {t('token.done')}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('device.add')} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p class="muted">{t('device.add.about')}</p>
        <Field label={t('device.name')} hint={t('device.name.hint')}>
          {(ids) => (
            <input
              {...ids}
              required
              maxLength={name_characters_max}
              autoComplete="off"
              value={name.value}
              onInput={(event) => (name.value = event.currentTarget.value)}
            />
          )}
        </Field>
        {isAdmin.value && (
          <Field label={t('device.owner')} hint={t('device.owner.hint')}>
            {(ids) => (
              <input
                {...ids}
                required
                autoComplete="off"
                autoCapitalize="none"
                value={owner.value}
                onInput={(event) => (owner.value = event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <Problem error={error.value} />
        <div class="actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy.value} disabled={!name.value.trim()}>
            {t('device.add.do')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
