/// What may be done with a device: rename it and give it a room, make a token, revoke it, delete it.

import { useSignal } from '@preact/signals';

import { HubError, text, type Device, type JsonObject } from '../hub/wire';
import { go } from '../router';
import { hubNow } from '../state/clock';
import { loadDevices, rooms } from '../state/devices';
import { actingFor, ask, isGuest } from '../state/session';
import { t } from '../text';
import { Button, Confirm, Dialog, Field, Problem, toast, useTask } from '../ui/parts';
import { TokenOnce, type NewToken } from './add_device';

type Open = 'edit' | 'token' | 'revoke' | 'delete' | null;

const withOwner = (device: Device, body: JsonObject): JsonObject => actingFor(device.user_id, body);

function Edit({ device, onClose }: { device: Device; onClose: () => void }) {
  const name = useSignal(device.name);
  const room = useSignal(device.room ?? '');
  const aliases = useSignal((device.aliases ?? []).join(', '));
  const { busy, error, run } = useTask();
  const submit = (event: Event): void => {
    event.preventDefault();
    void run(async () => {
      const body: JsonObject = { op: 'update', device_id: device.device_id };
      if (name.value.trim() !== device.name) body.name = name.value.trim();
      if (room.value.trim() !== (device.room ?? '')) body.room = room.value.trim();
      const list = aliases.value.split(',').map((alias) => alias.trim()).filter(Boolean);
      if (list.join('\n') !== (device.aliases ?? []).join('\n')) body.aliases = list;
      if (Object.keys(body).length > 2) {
        await ask('devices', withOwner(device, body));
        await loadDevices();
        toast(t('saved'));
      }
      onClose();
    });
  };
  return (
    <Dialog title={t('device.edit')} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <Field label={t('device.name')}>
          {(ids) => <input {...ids} required maxLength={128} value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />}
        </Field>
        <Field label={t('room')} hint={t('room.hint')}>
          {(ids) => (
            <>
              <input {...ids} list="rooms" maxLength={64} value={room.value} onInput={(event) => (room.value = event.currentTarget.value)} />
              <datalist id="rooms">
                {rooms.value.map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label={t('device.aliases')} hint={t('device.aliases.hint')}>
          {(ids) => <input {...ids} value={aliases.value} onInput={(event) => (aliases.value = event.currentTarget.value)} />}
        </Field>
        <Problem error={error.value} />
        <div class="actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy.value}>
            {t('save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function MakeToken({ device, onClose }: { device: Device; onClose: () => void }) {
  const made = useSignal<NewToken | null>(null);
  const { busy, error, run } = useTask();
  const make = (): void =>
    void run(async () => {
      let answer: JsonObject;
      try {
        const name = `${device.name} ${new Date(hubNow()).toISOString().slice(0, 19).replace('T', ' ')}`;
        answer = await ask('users', withOwner(device, { op: 'token', device_id: device.device_id, name }));
      } catch (failure) {
        if (!(failure instanceof HubError) || failure.code !== 'unknown_op') throw failure;
        // A hub without accounts: registering the device again gives a further token.
        answer = await ask('devices', withOwner(device, { op: 'register', device_id: device.device_id, name: device.name }));
      }
      made.value = { device_id: device.device_id, name: device.name, token: text(answer.access_token) };
    });
  return (
    <Dialog title={t('token.title', { name: device.name })} onClose={onClose} wide={made.value !== null}>
      {made.value ? (
        <>
          <TokenOnce made={made.value} />
          <div class="actions">
            <Button kind="primary" onClick={onClose}>
              {t('token.done')}
            </Button>
          </div>
        </>
      ) : (
        <div class="stack">
          <p>{t('token.make.text')}</p>
          <Problem error={error.value} />
          <div class="actions">
            <Button onClick={onClose}>{t('cancel')}</Button>
            <Button kind="primary" icon="key" busy={busy.value} onClick={make}>
              {t('token.make')}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

export function DeviceActions({ device }: { device: Device }) {
  const open = useSignal<Open>(null);
  const close = (): void => void (open.value = null);
  if (isGuest.value) return null;
  return (
    <>
      <Button icon="edit" onClick={() => (open.value = 'edit')}>
        {t('device.edit')}
      </Button>
      <Button icon="key" onClick={() => (open.value = 'token')}>
        {t('token.make')}
      </Button>
      {device.is_active !== false && (
        <Button kind="danger" icon="lock" onClick={() => (open.value = 'revoke')}>
          {t('revoke')}
        </Button>
      )}
      <Button kind="danger" icon="trash" onClick={() => (open.value = 'delete')}>
        {t('delete')}
      </Button>
      {open.value === 'edit' && <Edit device={device} onClose={close} />}
      {open.value === 'token' && <MakeToken device={device} onClose={close} />}
      {open.value === 'revoke' && (
        <Confirm
          title={t('revoke.title')}
          yes={t('revoke')}
          onClose={close}
          onYes={async () => {
            await ask('devices', withOwner(device, { op: 'revoke', device_id: device.device_id }));
            await loadDevices();
            toast(t('revoke.done'));
            close();
          }}
        >
          <p>
            <strong class="name">{device.name}</strong>
          </p>
          <p>{t('revoke.text')}</p>
        </Confirm>
      )}
      {open.value === 'delete' && (
        <Confirm
          title={t('delete.title')}
          yes={t('delete')}
          onClose={close}
          onYes={async () => {
            await ask('devices', withOwner(device, { op: 'delete', device_id: device.device_id }));
            close();
            go('home', '', true);
            await loadDevices();
            toast(t('delete.done'));
          }}
        >
          <p>
            <strong class="name">{device.name}</strong>
          </p>
          <p>{t('delete.text')}</p>
        </Confirm>
      )}
    </>
  );
}
