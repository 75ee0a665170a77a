/// Small parts that all pages are made of.

import { useSignal, type ReadonlySignal, signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

import { hubNow } from '../state/clock';
import { formatAgo, formatTime, t } from '../text';
import { problemText } from '../text/problem';
import { Icon, type IconName } from './icons';

type Kind = 'primary' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends Omit<JSX.IntrinsicElements['button'], 'icon' | 'size'> {
  kind?: Kind;
  icon?: IconName;
  /// Only the icon is shown; the children are its name for screen readers.
  bare?: boolean;
  busy?: boolean;
}

export function Button({ kind = 'plain', icon, bare, busy, children, class: more, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={`button ${kind} ${bare ? 'bare' : ''} ${more ?? ''}`}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy ? <span class="spinner" /> : icon && <Icon name={icon} />}
      {bare ? <span class="visually-hidden">{children}</span> : children}
    </button>
  );
}

interface FieldProps {
  label: string;
  hint?: string | undefined;
  problem?: string | null | undefined;
  children: (ids: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ComponentChildren;
}

export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  const described = problem ? `${id}-problem` : hint ? `${id}-hint` : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': !!problem })}
      {hint && !problem && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}

export function Problem({ error, children }: { error: unknown; children?: ComponentChildren }) {
  if (!error) return null;
  return (
    <div class="notice bad" role="alert">
      <Icon name="warning" />
      <div>
        <p>{problemText(error)}</p>
        {children}
      </div>
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Loading({ label }: { label?: string }) {
  return (
    <div class="loading" role="status">
      <span class="spinner" />
      <span>{label ?? t('loading')}</span>
    </div>
  );
}

export type Tone = 'good' | 'bad' | 'warn' | 'idle' | 'accent';

export function Badge({ tone = 'idle', children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function Presence({ online }: { online: boolean }) {
  return (
    <span class={`presence ${online ? 'on' : 'off'}`}>
      <span class="dot" aria-hidden="true" />
      {online ? t('online') : t('offline')}
    </span>
  );
}

/// Every ten seconds: what "5 minutes ago" follows.
const tick = signal(0);
setInterval(() => document.visibilityState === 'visible' && (tick.value += 1), 10_000);

/// A moment by the hub's clock, told by this computer's, which may be wrong.
export function Ago({ at }: { at: string | null | undefined }) {
  void tick.value;
  const ms = Date.parse(at ?? '');
  if (Number.isNaN(ms)) return <span class="muted">{t('time.never')}</span>;
  return (
    <time dateTime={at ?? ''} title={formatTime(ms)}>
      {formatAgo(hubNow() - ms)}
    </time>
  );
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const done = useSignal(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      done.value = true;
    } catch {
      toast(t('copy.failed'), 'bad');
      return;
    }
    setTimeout(() => (done.value = false), 1500);
  };
  return (
    <Button kind="quiet" icon={done.value ? 'check' : 'copy'} onClick={copy}>
      <span aria-live="polite">{done.value ? t('copied') : (label ?? t('copy'))}</span>
    </Button>
  );
}

export function Snippet({ title, text }: { title: string; text: string }) {
  return (
    <figure class="snippet">
      <figcaption>
        <span>{title}</span>
        <CopyButton text={text} />
      </figcaption>
      <pre tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </figure>
  );
}

interface Toast {
  id: number;
  text: string;
  tone: Tone;
}
const toasts = signal<Toast[]>([]);
const toasts_max = 4;
let toastId = 0;

export function toast(text: string, tone: Tone = 'good'): void {
  const id = ++toastId;
  toasts.value = [...toasts.value, { id, text, tone }].slice(-toasts_max);
  setTimeout(() => (toasts.value = toasts.value.filter((one) => one.id !== id)), tone === 'bad' ? 8000 : 4000);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={`toast ${one.tone}`}>
          <Icon name={one.tone === 'bad' ? 'warning' : 'check'} />
          <span>{one.text}</span>
        </div>
      ))}
    </div>
  );
}

interface DialogProps {
  title: string;
  onClose: (() => void) | null; // null: it cannot be dismissed
  children: ComponentChildren;
  wide?: boolean;
}

/// The browser's own modal dialog: it keeps the keyboard within, and gives the focus back.
export function Dialog({ title, onClose, children, wide }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    // Where one goes on: the first field, else the title, and not the button that closes.
    const field = dialog?.querySelector<HTMLElement>('form input:not([disabled]), form select, form textarea');
    (field ?? dialog?.querySelector<HTMLElement>('h2'))?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      class={wide ? 'wide' : ''}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClick={(event) => event.target === ref.current && onClose?.()}
    >
      <div class="dialog-body">
        <header>
          <h2 id={id} tabIndex={-1}>{title}</h2>
          {onClose && (
            <Button kind="quiet" icon="close" bare onClick={onClose}>
              {t('close')}
            </Button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  );
}

/// Asks before something is done that cannot be undone. `onYes` may fail: the dialog says so, and stays.
export function Confirm({
  title,
  yes,
  onYes,
  onClose,
  children,
}: {
  title: string;
  yes: string;
  onYes: () => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const { busy, error, run } = useTask();
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="stack">
        {children}
        <Problem error={error.value} />
        <div class="actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button kind="danger" busy={busy.value} onClick={() => run(onYes)}>
            {yes}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

export interface Task {
  busy: ReadonlySignal<boolean>;
  error: ReadonlySignal<unknown>;
  run(work: () => Promise<void>): Promise<boolean>;
  clear(): void;
}

/// One piece of work at a time, and how its last one failed.
export function useTask(): Task {
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  return {
    busy,
    error,
    clear: () => (error.value = null),
    run: async (work) => {
      if (busy.value) return false;
      busy.value = true;
      error.value = null;
      try {
        await work();
        return true;
      } catch (failure) {
        error.value = failure;
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}

export function PageHead({
  title,
  children,
  about,
}: {
  title: ComponentChildren;
  about?: ComponentChildren;
  children?: ComponentChildren;
}) {
  return (
    <div class="page-head">
      <div class="page-title">
        <h1 tabIndex={-1}>{title}</h1>
        {about && <p class="muted">{about}</p>}
      </div>
      {children && <div class="actions">{children}</div>}
    </div>
  );
}
