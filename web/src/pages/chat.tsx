/// Chat: what is said and done, live; sessions; and the questions that a skill asks before it runs.

import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

import type { Json } from '../hub/wire';
import { go } from '../router';
import {
  answerQuestion, currentSession, deleteSession, draft, hasOlder, isBusy, loadOlder, loadSessions, model, openSession,
  question, send, sessions, setDraft, setModel, stop, turns, type ToolCall, type Turn,
} from '../state/chat';
import { health } from '../state/hub';
import { connectionState } from '../state/session';
import { t } from '../text';
import { Icon } from '../ui/icons';
import { Markdown } from '../ui/markdown';
import { Ago, Badge, Button, Confirm, Dialog, Empty, Loading, Problem, toast, useTask } from '../ui/parts';
import { problemText } from '../text/problem';
import { VirtualList } from '../ui/virtual';
import { useWhenServed } from '../ui/when_served';

const row_height_px = 54;

function shown(value: Json | undefined): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null, null, 2);
  return text.length > 4000 ? `${text.slice(0, 4000)}…` : text;
}

function Tool({ call }: { call: ToolCall }) {
  const tone = call.outcome === 'done' ? 'good' : call.outcome === 'failed' ? 'bad' : 'idle';
  return (
    <details class="tool">
      <summary>
        {call.outcome === 'running' ? <span class="spinner" /> : <Icon name="tool" />}
        <span class="clip name">
          {call.path}
          {call.device && <span class="muted"> · {call.device}</span>}
        </span>
        <Badge tone={tone}>{t(`chat.tool.${call.outcome}`)}</Badge>
      </summary>
      <pre tabIndex={0} aria-label={t('chat.tool.args')}>{shown(call.args)}</pre>
      {call.outcome !== 'running' && <pre tabIndex={0} aria-label={t('run.answer')}>{shown(call.result)}</pre>}
    </details>
  );
}

function TurnView({ turn, isLast }: { turn: Turn; isLast: boolean }) {
  const arriving = isLast && isBusy.value && turn.role === 'assistant';
  return (
    <li class={`turn ${turn.role}`}>
      <span class="visually-hidden">{t(turn.role === 'user' ? 'chat.you' : 'chat.hub')}</span>
      {turn.tools.map((call) => (
        <Tool key={call.id} call={call} />
      ))}
      {turn.role === 'user' ? <p class="plain-text">{turn.content}</p> : turn.content && <Markdown source={turn.content} />}
      {arriving && !turn.content && (
        <p class="thinking muted" role="status">
          <span class="spinner" /> {t('chat.thinking')}
        </p>
      )}
      {turn.error ? <Problem error={turn.error} /> : null}
    </li>
  );
}

function Ask() {
  const asked = question.value;
  const left = useSignal(30);
  useEffect(() => {
    if (!asked) return;
    const count = (): void => void (left.value = Math.max(0, Math.ceil((asked.until - performance.now()) / 1000)));
    count();
    const timer = setInterval(() => {
      count();
      if (left.value === 0) question.value = null;
    }, 500);
    return () => clearInterval(timer);
  }, [asked?.id]);
  if (!asked) return null;
  const say = (allow: boolean): void =>
    void answerQuestion(allow).catch((error) => toast(problemText(error), 'bad'));
  return (
    <Dialog title={t('confirm.title')} onClose={() => say(false)}>
      <div class="stack">
        <p>{t('confirm.text')}</p>
        <dl class="facts">
          <div>
            <dt>{t('confirm.skill')}</dt>
            <dd class="name mono">{asked.path}</dd>
          </div>
          <div>
            <dt>{t('confirm.device')}</dt>
            <dd class="name">{asked.device}</dd>
          </div>
        </dl>
        <pre tabIndex={0} aria-label={t('chat.tool.args')}>{shown(asked.args)}</pre>
        <p class="muted small">{t('confirm.left', { n: left.value })}</p>
        <div class="actions">
          <Button onClick={() => say(false)}>{t('confirm.no')}</Button>
          <Button kind="primary" onClick={() => say(true)}>
            {t('confirm.yes')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Sessions({ onChosen }: { onChosen: () => void }) {
  const query = useSignal('');
  const removing = useSignal<string | null>(null);
  const problem = useSignal<unknown>(null);
  useWhenServed(() => {
    loadSessions().then(
      () => (problem.value = null),
      (error) => (problem.value = error),
    );
  });
  const words = query.value.trim().toLowerCase();
  const found = (sessions.value ?? []).filter((session) => session.title.toLowerCase().includes(words));
  const choose = (id: string): void => {
    go('chat', id);
    onChosen();
  };
  return (
    <div class="stack-s sessions">
      <Button icon="plus" class="wide" onClick={() => choose('')}>
        {t('chat.new')}
      </Button>
      <label class="search">
        <Icon name="search" />
        <span class="visually-hidden">{t('chat.search')}</span>
        <input type="search" placeholder={t('chat.search')} value={query.value} onInput={(event) => (query.value = event.currentTarget.value)} />
      </label>
      <Problem error={problem.value} />
      {sessions.value === null && !problem.value && <Loading />}
      {sessions.value !== null && found.length === 0 && <p class="muted small pad">{t(words ? 'chat.search.none' : 'chat.sessions.none')}</p>}
      {found.length > 0 && (
        <VirtualList
          items={found}
          rowHeight={row_height_px}
          keyOf={(session) => session.session_id}
          label={t('chat.sessions')}
          maxHeight="calc(100vh - 220px)"
          render={(session) => (
            <div class="session-row">
              <button type="button" class="skill-row" aria-pressed={session.session_id === currentSession.value} onClick={() => choose(session.session_id)}>
                <span class="clip">
                  <strong class="name">{session.title || t('chat.untitled')}</strong>
                  <span class="muted small">
                    <Ago at={session.last_activity} />
                  </span>
                </span>
              </button>
              <Button kind="quiet" icon="trash" bare onClick={() => (removing.value = session.session_id)}>
                {t('chat.delete.of', { name: session.title.slice(0, 60) })}
              </Button>
            </div>
          )}
        />
      )}
      {removing.value && (
        <Confirm
          title={t('chat.delete.title')}
          yes={t('delete')}
          onClose={() => (removing.value = null)}
          onYes={async () => {
            const id = removing.value ?? '';
            const wasOpen = id === currentSession.value;
            await deleteSession(id);
            removing.value = null;
            if (wasOpen) go('chat');
          }}
        >
          <p>{t('chat.delete.text')}</p>
        </Confirm>
      )}
    </div>
  );
}

function Composer() {
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(200, element.scrollHeight + 2)}px`;
  }, [draft.value]);
  const providers = health.value?.providers ?? [];
  const submit = (event: Event): void => {
    event.preventDefault();
    const words = draft.value.trim();
    if (words && !isBusy.value) void send(words);
    box.current?.focus();
  };
  return (
    <form class="composer" onSubmit={submit}>
      <textarea
        ref={box}
        rows={1}
        aria-label={t('chat.message')}
        placeholder={t('chat.placeholder')}
        value={draft.value}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event);
        }}
      />
      <div class="composer-foot">
        <select aria-label={t('chat.model')} value={model.value} onChange={(event) => setModel(event.currentTarget.value)}>
          <option value="">{t('chat.model.any')}</option>
          {providers.slice(0, 32).map((provider) => (
            <option key={provider.name} value={provider.name}>
              {provider.name}
            </option>
          ))}
          {model.value && !providers.some((provider) => provider.name === model.value) && <option value={model.value}>{model.value}</option>}
        </select>
        {isBusy.value ? (
          <Button icon="stop" onClick={stop}>
            {t('chat.stop')}
          </Button>
        ) : (
          <Button kind="primary" icon="send" type="submit" disabled={!draft.value.trim() || connectionState.value !== 'online'}>
            {t('chat.send')}
          </Button>
        )}
      </div>
    </form>
  );
}

export function ChatPage({ id }: { id: string }) {
  const list = useSignal(false);
  const problem = useSignal<unknown>(null);
  const older = useTask();
  const end = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const title = useComputed(() => sessions.value?.find((one) => one.session_id === currentSession.value)?.title ?? '');
  const open = (): void => {
    problem.value = null;
    openSession(id || null).catch((error) => (problem.value = error));
  };
  useEffect(open, [id]);
  useWhenServed(() => problem.value && open(), [id]);
  useEffect(() => {
    // A conversation that was just begun gets its address.
    if (currentSession.value && !id && turns.value.length) go('chat', currentSession.value, true);
  }, [currentSession.value]);
  useEffect(() => {
    const watch = (): void => void (stuck.current = innerHeight + scrollY > document.documentElement.scrollHeight - 120);
    addEventListener('scroll', watch, { passive: true });
    return () => removeEventListener('scroll', watch);
  }, []);
  useLayoutEffect(() => {
    if (stuck.current) end.current?.scrollIntoView({ block: 'end' });
  }, [turns.value]);
  const all = turns.value;
  return (
    <div class="chat">
      <aside class={`chat-side ${list.value ? 'open' : ''}`} aria-label={t('chat.sessions')}>
        <Sessions onChosen={() => (list.value = false)} />
      </aside>
      <section class="chat-main">
        <header class="chat-head">
          <Button class="only-phone" icon="chat" aria-expanded={list.value} onClick={() => (list.value = !list.value)}>
            {t('chat.sessions')}
          </Button>
          <h1 class="clip name" tabIndex={-1}>{title.value || t('nav.chat')}</h1>
        </header>
        <Problem error={problem.value} />
        {all.length === 0 && !problem.value && !id && (
          <Empty icon="chat" title={t('chat.empty.title')}>
            <p>{t('chat.empty.text')}</p>
            <div class="row suggestions">
              {(['chat.try.1', 'chat.try.2', 'chat.try.3'] as const).map((key) => (
                <Button key={key} onClick={() => setDraft(t(key))}>
                  {t(key)}
                </Button>
              ))}
            </div>
          </Empty>
        )}
        {hasOlder.value && (
          <Button busy={older.busy.value} onClick={() => older.run(loadOlder)}>
            {t('chat.older')}
          </Button>
        )}
        <div class="log" role="log" aria-label={t('chat.conversation')} aria-busy={isBusy.value}>
          <ol class="plain turns">
            {all.map((turn, at) => (
              <TurnView key={turn.id} turn={turn} isLast={at === all.length - 1} />
            ))}
          </ol>
        </div>
        <Composer />
        <div ref={end} />
      </section>
      <Ask />
    </div>
  );
}
