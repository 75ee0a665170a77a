/// One's tokens: list, make with scopes, revoke.

import { useSignal } from '@preact/signals';

import { isObject, text, type JsonObject } from '../hub/wire';
import { devices } from '../state/devices';
import { ask } from '../state/session';
import { formatTime, t } from '../text';
import { Ago, Badge, Button, Confirm, Dialog, Empty, Field, Loading, PageHead, Problem, Snippet, toast, useTask } from '../ui/parts';
import { useWhenServed } from '../ui/when_served';

interface Token {
  jti: string;
  name: string;
  type: string;
  device_id: string | null;
  issued_at: string;
  expires_at: string;
  last_used: string | null;
  scope: string | null;
  is_own: boolean;
}

const presets = {
  all: null,
  read: 'skills:read devices:read',
  call: 'skills:read skills:call devices:read',
  chat: 'chat sessions skills:read skills:call devices:read',
  mcp: 'mcp skills:read skills:call',
} as const;
type Preset = keyof typeof presets;
const lives = [1, 30, 90, 365] as const; // days
const day_s = 86_400;

function Make({ onClose }: { onClose: () => void }) {
  const name = useSignal('');
  const preset = useSignal<Preset>('call');
  const patterns = useSignal('');
  const days = useSignal(30);
  const made = useSignal('');
  const { busy, error, run } = useTask();
  const submit = (event: Event): void => {
    event.preventDefault();
    void run(async () => {
      const body: JsonObject = { op: 'token', name: name.value.trim(), ttl_s: days.value * day_s };
      const scope = presets[preset.value];
      if (scope) body.scope = scope;
      const skills = patterns.value.split(/[\s,]+/).filter(Boolean);
      if (skills.length) body.skills = skills;
      made.value = text((await ask('users', body)).access_token);
    });
  };
  return (
    <Dialog title={t('tokens.make')} onClose={onClose}>
      {made.value ? (
        <div class="stack">
          <p class="notice warn">{t('token.once')}</p>
          <Snippet title={name.value} text={made.value} />
          <div class="actions"><Button kind="primary" onClick={onClose}>{t('token.done')}</Button></div>
        </div>
      ) : (
        <form class="stack" onSubmit={submit}>
          <Field label={t('tokens.name')} hint={t('tokens.name.hint')}>
            {(ids) => <input {...ids} required maxLength={128} autoComplete="off" value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />}
          </Field>
          <Field label={t('tokens.scope')} hint={presets[preset.value] ?? t('tokens.scope.all.hint')}>
            {(ids) => (
              <select {...ids} value={preset.value} onChange={(event) => (preset.value = event.currentTarget.value as Preset)}>
                {(Object.keys(presets) as Preset[]).map((one) => <option key={one} value={one}>{t(`tokens.scope.${one}`)}</option>)}
              </select>
            )}
          </Field>
          <Field label={t('tokens.skills')} hint={t('tokens.skills.hint')}>
            {(ids) => <input {...ids} class="mono" autoComplete="off" spellcheck={false} value={patterns.value} onInput={(event) => (patterns.value = event.currentTarget.value)} />}
          </Field>
          <Field label={t('tokens.life')}>
            {(ids) => (
              <select {...ids} value={days.value} onChange={(event) => (days.value = Number(event.currentTarget.value))}>
                {lives.map((one) => <option key={one} value={one}>{t(`tokens.life.${one}`)}</option>)}
              </select>
            )}
          </Field>
          <Problem error={error.value} />
          <div class="actions">
            <Button onClick={onClose}>{t('cancel')}</Button>
            <Button kind="primary" type="submit" busy={busy.value} disabled={!name.value.trim()}>{t('tokens.make.do')}</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

const deviceName = (id: string): string => devices.value.get(id)?.name ?? id;

/// What nobody has named is named after what it is for.
function nameOf(token: Token): string {
  if (token.name && token.name !== token.jti) return token.name;
  return token.device_id ? deviceName(token.device_id) : t('tokens.unnamed');
}

export function TokensPage() {
  const tokens = useSignal<Token[] | null>(null);
  const problem = useSignal<unknown>(null);
  const making = useSignal(false);
  const revoking = useSignal<Token | null>(null);
  const load = async (): Promise<void> => {
    try {
      const answer = await ask('users', { op: 'tokens' });
      tokens.value = (Array.isArray(answer.tokens) ? answer.tokens.filter(isObject) : []) as unknown as Token[];
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
  };
  useWhenServed(() => void load());
  return (
    <>
      <PageHead title={t('nav.tokens')} about={t('tokens.about')}>
        <Button kind="primary" icon="plus" onClick={() => (making.value = true)}>{t('tokens.make')}</Button>
      </PageHead>
      <Problem error={problem.value} />
      {!tokens.value && !problem.value && <Loading />}
      {tokens.value?.length === 0 && <Empty icon="key" title={t('tokens.empty.title')}><p>{t('tokens.empty.text')}</p></Empty>}
      {!!tokens.value?.length && (
        <ul class="plain rows card flush">
          {tokens.value.slice(0, 500).map((token) => (
            <li key={token.jti}>
              <span class="clip grow">
                <strong class="name">{nameOf(token)}</strong>
                <span class="muted small">
                  {token.device_id ? <span class="name">{t('tokens.device', { name: deviceName(token.device_id) })}</span> : t('tokens.user')}
                  {' · '}{token.last_used ? <>{t('tokens.used')} <Ago at={token.last_used} /></> : t('tokens.used.never')}
                </span>
              </span>
              <span class="row">
                {token.is_own && <Badge tone="accent">{t('tokens.own')}</Badge>}
                <Badge>{token.scope ?? t('tokens.scope.all')}</Badge>
              </span>
              <span class="muted small only-wide nowrap">{t('tokens.until', { time: formatTime(Date.parse(token.expires_at)) })}</span>
              <Button kind="quiet" icon="trash" bare onClick={() => (revoking.value = token)}>{t('tokens.revoke.of', { name: nameOf(token) })}</Button>
            </li>
          ))}
        </ul>
      )}
      {making.value && <Make onClose={() => { making.value = false; void load(); }} />}
      {revoking.value && (
        <Confirm
          title={t('tokens.revoke.title')}
          yes={t('revoke')}
          onClose={() => (revoking.value = null)}
          onYes={async () => {
            await ask('users', { op: 'revoke_token', jti: revoking.value?.jti ?? '' });
            revoking.value = null;
            await load();
            toast(t('revoke.done'));
          }}
        >
          <p><strong class="name">{nameOf(revoking.value)}</strong></p>
          <p>{t(revoking.value.is_own ? 'tokens.revoke.own' : 'tokens.revoke.text')}</p>
        </Confirm>
      )}
    </>
  );
}
