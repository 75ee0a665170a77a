/// What a user has used of each limit; an admin changes the limits.

import { useSignal } from '@preact/signals';

import { count, isObject, text, type JsonObject } from '../hub/wire';
import { actingFor, ask, ownUser } from '../state/session';
import { formatBytes, formatNumber, formatTime, t } from '../text';
import { en, type Key } from '../text/en';
import { Badge, Button, Field, Loading, PageHead, Problem, toast, useTask } from '../ui/parts';
import { useWhenServed } from '../ui/when_served';

interface Limit {
  name: string;
  limit: number | null;
  used: number;
  isOwn: boolean;
  resetsAt: string;
}

function read(answer: JsonObject): Limit[] {
  const limits = isObject(answer.limits) ? answer.limits : {};
  return Object.entries(limits).map(([name, value]) => {
    const one = isObject(value) ? value : {};
    return {
      name,
      limit: typeof one.limit === 'number' ? one.limit : null,
      used: count(one.used),
      isOwn: one.is_own === true,
      resetsAt: text(one.resets_at),
    };
  });
}

const labelOf = (name: string): string => (`limit.${name}` in en ? t(`limit.${name}` as Key) : name);
const shown = (name: string, n: number): string => (name.endsWith('bytes') ? formatBytes(n) : formatNumber(n));

function Change({ user, limit, onDone }: { user: string; limit: Limit; onDone: () => void }) {
  const typed = useSignal(limit.limit === null ? '' : String(limit.limit));
  const { busy, error, run } = useTask();
  const put = (value: number | null): void =>
    void run(async () => {
      await ask('users', { op: 'update', user_id: user, limits: { [limit.name]: value } });
      toast(t('saved'));
      onDone();
    });
  return (
    <form class="row limit-change" onSubmit={(event) => { event.preventDefault(); put(typed.value === '' ? 0 : Number(typed.value)); }}>
      <Field label={labelOf(limit.name)} hint={t('limit.hint')}>
        {(ids) => <input {...ids} inputMode="numeric" pattern="[0-9]*" value={typed.value} onInput={(event) => (typed.value = event.currentTarget.value)} />}
      </Field>
      <Button kind="primary" type="submit" busy={busy.value}>{t('save')}</Button>
      {limit.isOwn && <Button onClick={() => put(null)}>{t('limit.default')}</Button>}
      <Problem error={error.value} />
    </form>
  );
}

export function LimitTable({ user, mayChange }: { user: string; mayChange?: boolean }) {
  const limits = useSignal<Limit[] | null>(null);
  const problem = useSignal<unknown>(null);
  const changing = useSignal('');
  const load = (): void => {
    ask('users', actingFor(user, { op: 'quota' })).then(
      (answer) => {
        limits.value = read(answer);
        problem.value = null;
      },
      (error) => (problem.value = error),
    );
  };
  useWhenServed(load, [user]);
  if (problem.value) return <Problem error={problem.value} />;
  if (!limits.value) return <Loading />;
  return (
    <ul class="plain rows">
      {limits.value.map((limit) => {
        const part = limit.limit ? Math.min(1, limit.used / limit.limit) : 0;
        return (
          <li key={limit.name} class="limit">
            <div class="row limit-head">
              <strong>{labelOf(limit.name)}</strong>
              {limit.isOwn && <Badge tone="accent">{t('limit.own')}</Badge>}
              <span class="grow" />
              <span class="nowrap">
                {shown(limit.name, limit.used)} <span class="muted">/ {limit.limit === null ? t('limit.any') : shown(limit.name, limit.limit)}</span>
              </span>
              {mayChange && (
                <Button kind="quiet" icon="edit" bare aria-expanded={changing.value === limit.name} onClick={() => (changing.value = changing.value === limit.name ? '' : limit.name)}>
                  {t('limit.change', { name: labelOf(limit.name) })}
                </Button>
              )}
            </div>
            {limit.limit !== null && (
              <progress class={part > 0.9 ? 'bad' : ''} max={1} value={part} aria-label={labelOf(limit.name)} />
            )}
            {limit.resetsAt && <p class="muted small">{t('limit.resets', { time: formatTime(Date.parse(limit.resetsAt)) })}</p>}
            {changing.value === limit.name && <Change user={user} limit={limit} onDone={() => { changing.value = ''; load(); }} />}
          </li>
        );
      })}
    </ul>
  );
}

export function LimitsPage() {
  return (
    <>
      <PageHead title={t('nav.limits')} about={t('limit.about')} />
      <div class="card flush"><LimitTable user={ownUser()} /></div>
    </>
  );
}
