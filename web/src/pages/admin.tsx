/// Models, audit, settings (read only), and backups.

import { useSignal } from '@preact/signals';

import { download } from '../hub/door';
import { count, isObject, text, type Json, type JsonObject } from '../hub/wire';
import { clockAhead, hubNow } from '../state/clock';
import { brokerHealth, health, hubInfo } from '../state/hub';
import { account, ask, bearer, claims, isAdmin, isDevice } from '../state/session';
import { formatBytes, formatNumber, formatSpan, formatTime, formatTook, t, tn } from '../text';
import { LanguageChoice, ThemeChoice } from '../ui/choices';
import { Ago, Badge, Button, Confirm, Empty, Field, Loading, PageHead, Problem, toast, useTask } from '../ui/parts';
import { Icon } from '../ui/icons';
import { useWhenServed } from '../ui/when_served';

export function ModelsPage() {
  const now = health.value;
  const usage = useSignal<JsonObject[] | null>(null);
  useWhenServed(() => {
    if (claims.value?.type === 'admin') return;
    ask('chat', { op: 'usage', days: 30 }).then((answer) => {
      usage.value = Array.isArray(answer.days) ? answer.days.filter(isObject) : [];
    }, () => {});
  });
  const byModel = new Map<string, { requests: number; tokens: number }>();
  for (const row of usage.value ?? []) {
    const name = `${text(row.provider)} ${text(row.model)}`.trim();
    const sum = byModel.get(name) ?? { requests: 0, tokens: 0 };
    byModel.set(name, { requests: sum.requests + count(row.requests), tokens: sum.tokens + count(row.total_tokens) });
  }
  return (
    <>
      <PageHead title={t('nav.models')} about={t('models.about')} />
      {!now ? <Loading /> : now.providers.length === 0 ? (
        <Empty icon="model" title={t('models.empty.title')}><p>{t('home.models.none')}</p></Empty>
      ) : (
        <ul class="plain rows card flush">
          {now.providers.map((provider, at) => (
            <li key={provider.name}>
              <span class="muted mono">{at + 1}</span>
              <strong class="name grow clip">{provider.name}</strong>
              <Badge tone={provider.state === 'closed' ? 'good' : provider.state === 'open' ? 'bad' : 'warn'}>{t(`model.${provider.state}`)}</Badge>
              <span class="muted small">
                {tn('models.requests', provider.requests)} · {tn('models.failures', provider.failures)}
                {provider.retry_in_ms ? ` · ${t('models.retry', { time: formatTook(provider.retry_in_ms) })}` : ''}
              </span>
            </li>
          ))}
        </ul>
      )}
      {byModel.size > 0 && (
        <section class="stack">
          <h2>{t('models.usage')}</h2>
          <div class="table-box card flush" tabIndex={0} role="group" aria-label={t('models.usage')}>
            <table>
              <thead><tr><th scope="col">{t('models.model')}</th><th scope="col">{t('home.chats')}</th><th scope="col">{t('home.tokens')}</th></tr></thead>
              <tbody>
                {[...byModel].slice(0, 200).map(([name, sum]) => (
                  <tr key={name}><td class="name">{name}</td><td>{formatNumber(sum.requests)}</td><td>{formatNumber(sum.tokens)}</td></tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </>
  );
}

export function AuditPage() {
  const lines = useSignal<JsonObject[]>([]);
  const cursor = useSignal<string | null>('');
  const who = useSignal('');
  const action = useSignal('');
  const { busy, error, run } = useTask();
  const load = (more: boolean): void =>
    void run(async () => {
      const body: JsonObject = { op: 'audit', limit: 100 };
      if (who.value.trim()) body.user = who.value.trim();
      if (action.value.trim()) body.action = action.value.trim();
      if (more && cursor.value) body.cursor = cursor.value;
      const answer = await ask('users', body);
      const read = Array.isArray(answer.lines) ? answer.lines.filter(isObject) : [];
      lines.value = more ? [...lines.value, ...read].slice(0, 5000) : read;
      cursor.value = text(answer.next_cursor) || null;
    });
  useWhenServed(() => load(false));
  return (
    <>
      <PageHead title={t('nav.audit')} about={t('audit.about')} />
      <form class="filters" onSubmit={(event) => { event.preventDefault(); load(false); }}>
        <input aria-label={t('audit.who')} placeholder={t('audit.who')} value={who.value} onInput={(event) => (who.value = event.currentTarget.value)} />
        <input aria-label={t('audit.action')} placeholder={t('audit.action')} value={action.value} onInput={(event) => (action.value = event.currentTarget.value)} />
        <Button type="submit" icon="filter">{t('audit.filter')}</Button>
      </form>
      <Problem error={error.value} />
      {busy.value && lines.value.length === 0 && <Loading />}
      {!busy.value && !error.value && lines.value.length === 0 && <Empty icon="audit" title={t('audit.empty.title')}><p>{t('audit.empty.text')}</p></Empty>}
      {lines.value.length > 0 && (
        <div class="table-box card flush" tabIndex={0} role="group" aria-label={t('nav.audit')}>
          <table class="wide-table">
            <thead><tr>{(['time', 'who', 'action', 'subject', 'user', 'outcome'] as const).map((one) => <th key={one} scope="col">{t(`audit.${one}`)}</th>)}</tr></thead>
            <tbody>
              {lines.value.map((line, at) => (
                <tr key={at} class="lazy-row">
                  <td class="nowrap">{formatTime(Date.parse(text(line.ts)))}</td>
                  <td class="name">{text(line.actor)}</td>
                  <td class="mono">{text(line.action)}</td>
                  <td class="name">{text(line.subject)}</td>
                  <td class="name">{text(line.user)}</td>
                  <td><Badge tone={line.outcome === 'ok' ? 'good' : 'bad'}>{text(line.outcome)}{line.reason ? ` · ${text(line.reason)}` : ''}</Badge></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {cursor.value && lines.value.length > 0 && <Button busy={busy.value} onClick={() => load(true)}>{t('audit.more')}</Button>}
    </>
  );
}

function flat(value: Json, path = ''): [string, string][] {
  if (isObject(value)) return Object.entries(value).flatMap(([name, one]) => flat(one, path ? `${path}.${name}` : name));
  if (Array.isArray(value) && value.some((one) => typeof one === 'object')) return value.flatMap((one, at) => flat(one, `${path}.${at}`));
  return [[path, Array.isArray(value) ? value.join(', ') : String(value)]];
}

const formatApart = (ms: number): string => (ms < 60_000 ? formatTook(ms) : formatSpan(ms / 1000));

function Values({ title, value }: { title: string; value: JsonObject | null }) {
  if (!value) return null;
  return (
    <section class="stack">
      <h2>{title}</h2>
      <div class="table-box card flush" tabIndex={0} role="group" aria-label={title}>
        <table class="values">
          <tbody>
            {flat(value).slice(0, 400).map(([name, one]) => (
              <tr key={name}><th scope="row" class="mono">{name}</th><td class="name">{one}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Password() {
  const old = useSignal('');
  const fresh = useSignal('');
  const { busy, error, run } = useTask();
  const submit = (event: Event): void => {
    event.preventDefault();
    void run(async () => {
      const body: JsonObject = { op: 'set_password', new: fresh.value };
      if (account.value?.hasPassword) body.old = old.value;
      await ask('users', body);
      old.value = fresh.value = '';
      if (account.value) account.value = { ...account.value, hasPassword: true };
      toast(t('saved'));
    });
  };
  return (
    <section class="stack">
      <h2>{t('settings.password')}</h2>
      <form class="card stack narrow" onSubmit={submit}>
        {account.value?.hasPassword && (
          <Field label={t('settings.password.old')}>
            {(ids) => <input {...ids} type="password" autoComplete="current-password" required value={old.value} onInput={(event) => (old.value = event.currentTarget.value)} />}
          </Field>
        )}
        <Field label={t('people.password.new')} hint={t('people.password.hint')}>
          {(ids) => <input {...ids} type="password" autoComplete="new-password" minLength={8} required value={fresh.value} onInput={(event) => (fresh.value = event.currentTarget.value)} />}
        </Field>
        <Problem error={error.value} />
        <div class="actions"><Button kind="primary" type="submit" busy={busy.value}>{t('save')}</Button></div>
      </form>
    </section>
  );
}

export function SettingsPage() {
  const now = health.value;
  return (
    <>
      <PageHead title={t('nav.settings')} about={t('settings.about')} />
      <section class="card row settings-choices"><LanguageChoice /><ThemeChoice /></section>
      {account.value && !isDevice.value && claims.value?.type === 'user' && <Password />}
      {now && (
        <dl class="figures">
          <div class="figure"><dt>{t('home.uptime')}</dt><dd><strong>{formatSpan(now.uptime_s)}</strong></dd></div>
          <div class="figure"><dt>{t('settings.database')}</dt><dd><strong>{formatBytes(now.database_bytes)}</strong><span class="muted small">{now.disk_free_bytes ? t('settings.free', { bytes: formatBytes(now.disk_free_bytes) }) : ''}</span></dd></div>
          <div class="figure"><dt>{t('settings.memory')}</dt><dd><strong>{formatBytes(now.rss_bytes)}</strong></dd></div>
          <div class="figure"><dt>{t('settings.clock')}</dt><dd><strong>{formatApart(Math.abs(clockAhead()))}</strong></dd></div>
        </dl>
      )}
      <Values title={t('settings.hub')} value={hubInfo.value} />
      {isAdmin.value && <Values title={t('settings.broker')} value={brokerHealth.value} />}
    </>
  );
}

interface Backup { id: string; name: string; created_at: string; records: number; size_bytes: number }

export function BackupPage() {
  const backups = useSignal<Backup[] | null>(null);
  const acting = useSignal<{ backup: Backup; what: 'restore' | 'delete' } | null>(null);
  const { busy, error, run } = useTask();
  const load = async (): Promise<void> => {
    const answer = await ask('users', { op: 'backups' });
    backups.value = (Array.isArray(answer.backups) ? answer.backups.filter(isObject) : []) as unknown as Backup[];
  };
  useWhenServed(() => void run(load));
  const fetchFile = (backup: Backup): void =>
    void run(async () => {
      const answer = await download(`/api/v1/backups/${encodeURIComponent(backup.id)}/download`, bearer());
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(await answer.blob());
      link.download = `${backup.name.replace(/[^\w.-]+/g, '_') || 'backup'}.jsonl.gz`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  return (
    <>
      <PageHead title={t('nav.backup')} about={t('backup.about')}>
        <Button kind="primary" icon="plus" busy={busy.value} onClick={() => run(async () => {
          await ask('users', { op: 'backup', name: t('backup.name', { date: new Date(hubNow()).toISOString().slice(0, 10) }) }, { timeoutMs: 120_000 });
          await load();
          toast(t('backup.made'));
        })}>{t('backup.make')}</Button>
      </PageHead>
      <Problem error={error.value} />
      {!backups.value && !error.value && <Loading />}
      {backups.value?.length === 0 && <Empty icon="backup" title={t('backup.empty.title')}><p>{t('backup.empty.text')}</p></Empty>}
      {!!backups.value?.length && (
        <ul class="plain rows card flush">
          {backups.value.map((backup) => (
            <li key={backup.id}>
              <Icon name="backup" />
              <span class="clip grow"><strong class="name">{backup.name || backup.id}</strong><span class="muted small"><Ago at={backup.created_at} /> · {tn('backup.records', backup.records)} · {formatBytes(backup.size_bytes)}</span></span>
              <span class="row nowrap">
                <Button kind="quiet" icon="download" onClick={() => fetchFile(backup)}>{t('backup.download')}</Button>
                <Button kind="quiet" icon="again" onClick={() => (acting.value = { backup, what: 'restore' })}>{t('backup.restore')}</Button>
                <Button kind="quiet" icon="trash" bare onClick={() => (acting.value = { backup, what: 'delete' })}>{t('backup.delete.of', { name: backup.name || backup.id })}</Button>
              </span>
            </li>
          ))}
        </ul>
      )}
      {acting.value && (
        <Confirm
          title={t(`backup.${acting.value.what}.title`)}
          yes={t(acting.value.what === 'restore' ? 'backup.restore' : 'delete')}
          onClose={() => (acting.value = null)}
          onYes={async () => {
            const { backup, what } = acting.value ?? { backup: { id: '' }, what: 'delete' };
            const answer = await ask('users', { op: what === 'restore' ? 'restore_backup' : 'delete_backup', backup_id: backup.id }, { timeoutMs: 120_000 });
            acting.value = null;
            await load();
            const restored = isObject(answer.restored) ? count(answer.restored.added) : 0;
            toast(what === 'restore' ? tn('backup.restored', restored) : t('delete.done'));
          }}
        >
          <p>{t(`backup.${acting.value.what}.text`)}</p>
        </Confirm>
      )}
    </>
  );
}
