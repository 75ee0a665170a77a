/// Activity: the live tail, filters, and one request followed from its start to its end.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { byHub } from '../state/clock';
import { isPaused, lines, nameOf, storyOf, watch, type Line } from '../state/activity';
import { isAdmin } from '../state/session';
import { formatClock, formatTook, t, tn } from '../text';
import { Icon } from '../ui/icons';
import { Badge, Button, Dialog, Empty, PageHead } from '../ui/parts';
import { VirtualList } from '../ui/virtual';

const row_height_px = 40;
const kinds = ['request', 'call', 'result', 'answer', 'event', 'presence', 'audit'] as const;

function Row({ line }: { line: Line }) {
  return (
    <>
      <span class="muted mono small nowrap">{formatClock(byHub(line.at))}</span>
      <span class={`kind ${line.kind}`}>{t(`activity.kind.${line.kind}`)}</span>
      <span class="clip name who-cell">{nameOf(line.who)}</span>
      <span class="clip name grow">{line.kind === 'presence' ? t(line.what === 'online' ? 'online' : 'offline') : line.what}</span>
      {line.failed && <Badge tone="bad">{line.code || t('failed')}</Badge>}
      {!line.failed && line.code && line.kind === 'presence' && <span class="muted small only-wide">{line.code}</span>}
      <span class="muted small nowrap took">{line.took === null ? '' : formatTook(line.took)}</span>
    </>
  );
}

function Story({ line, onClose }: { line: Line; onClose: () => void }) {
  const story = useSignal<Line[]>([line]);
  useEffect(() => {
    let gone = false;
    void storyOf(line).then((found) => !gone && (story.value = found));
    return () => void (gone = true);
  }, [line.key, lines.value]);
  const start = story.value[0]?.at ?? line.at;
  return (
    <Dialog title={line.what || t('activity.story')} onClose={onClose} wide>
      <ol class="plain story">
        {story.value.map((one) => (
          <li key={one.key} class={one.failed ? 'failed' : ''}>
            <div class="row">
              <span class="mono small muted nowrap">+{formatTook(one.at - start)}</span>
              <span class={`kind ${one.kind}`}>{t(`activity.kind.${one.kind}`)}</span>
              <strong class="name">{nameOf(one.who)}</strong>
              <span class="name">{one.what}</span>
              {one.failed && <Badge tone="bad">{one.code || t('failed')}</Badge>}
            </div>
            <pre tabIndex={0} aria-label={t('activity.message')}>{JSON.stringify(one.body, null, 2).slice(0, 20_000)}</pre>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}

export function ActivityPage() {
  const kind = useSignal('');
  const query = useSignal('');
  const onlyFailed = useSignal(false);
  const chosen = useSignal<Line | null>(null);
  useEffect(() => watch(), [isAdmin.value]);
  const words = query.value.trim().toLowerCase();
  const shown = lines.value.filter(
    (line) =>
      (!kind.value || line.kind === kind.value) &&
      (!onlyFailed.value || line.failed) &&
      (!words || `${line.what} ${line.who} ${nameOf(line.who)} ${line.code} ${line.id}`.toLowerCase().includes(words)),
  );
  return (
    <>
      <PageHead title={t('nav.activity')} about={t(isAdmin.value ? 'activity.about.admin' : 'activity.about.own')}>
        <Button icon={isPaused.value ? 'play' : 'pause'} aria-pressed={isPaused.value} onClick={() => (isPaused.value = !isPaused.value)}>
          {t(isPaused.value ? 'activity.resume' : 'activity.pause')}
        </Button>
        <Button icon="trash" onClick={() => (lines.value = [])}>
          {t('activity.clear')}
        </Button>
      </PageHead>
      <div class="filters">
        <label class="search grow">
          <Icon name="search" />
          <span class="visually-hidden">{t('activity.search')}</span>
          <input type="search" placeholder={t('activity.search')} value={query.value} onInput={(event) => (query.value = event.currentTarget.value)} />
        </label>
        <select aria-label={t('activity.kind')} value={kind.value} onChange={(event) => (kind.value = event.currentTarget.value)}>
          <option value="">{t('activity.kind.all')}</option>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {t(`activity.kind.${one}`)}
            </option>
          ))}
        </select>
        <label class="check">
          <input type="checkbox" checked={onlyFailed.value} onChange={(event) => (onlyFailed.value = event.currentTarget.checked)} />
          <span>{t('activity.failed')}</span>
        </label>
      </div>
      {shown.length === 0 ? (
        <Empty icon="activity" title={t(lines.value.length ? 'activity.nothing.title' : 'activity.empty.title')}>
          <p>{t(lines.value.length ? 'activity.nothing.text' : 'activity.empty.text')}</p>
        </Empty>
      ) : (
        <div class="card flush">
          <p class="visually-hidden" role="status">{tn('activity.lines', shown.length)}</p>
          <VirtualList
            items={shown}
            rowHeight={row_height_px}
            keyOf={(line) => String(line.key)}
            label={t('nav.activity')}
            maxHeight="68vh"
            render={(line) => (
              <button type="button" class="activity-row" onClick={() => (chosen.value = line)}>
                <Row line={line} />
              </button>
            )}
          />
        </div>
      )}
      {chosen.value && <Story line={chosen.value} onClose={() => (chosen.value = null)} />}
    </>
  );
}
