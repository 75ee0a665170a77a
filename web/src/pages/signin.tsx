/// Signing in: with a password, a one-time link, or a token. Also shown as a dialog over a page whose token has ended,
/// so that nothing that was typed there is lost.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { login, redeemLink } from '../hub/door';
import { claimsOf, isFirstLink } from '../hub/token';
import { HubError } from '../hub/wire';
import { claims, signIn, type Ended } from '../state/session';
import { formatTook, t } from '../text';
import { problemText } from '../text/problem';
import { Logo } from '../ui/icons';
import { Button, Dialog, Field, useTask } from '../ui/parts';
import { LanguageChoice } from '../ui/choices';
import { FirstAdmin } from './first_admin';

type Way = 'password' | 'link' | 'token';

/// The token in a login link, wherever in it; or a token by itself.
export function tokenInLink(link: string): string {
  const found = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(link);
  return found ? found[0] : '';
}

function problemOf(way: Way, error: unknown): string {
  if (error instanceof HubError && error.code === 'rate_limited') {
    const after = typeof error.details.retry_after_ms === 'number' ? error.details.retry_after_ms : 60_000;
    return t('signin.limited', { time: formatTook(Math.ceil(after / 1000) * 1000) });
  }
  if (error instanceof HubError && error.code === 'unauthorized') return t(`signin.refused.${way}`);
  if (error instanceof HubError && way === 'password' && (error.code === 'forbidden' || error.code === 'not_found')) {
    return t('signin.refused.password');
  }
  if (error instanceof HubError && way === 'link' && error.code === 'forbidden') return t('signin.refused.link');
  return problemText(error);
}

/// `onFirst`: called with a link that creates the hub's first admin.
export function SignInForm({ onFirst }: { onFirst?: (grant: string) => void }) {
  const way = useSignal<Way>('password');
  const stay = useSignal(true);
  const user = useSignal(claims.value?.type === 'user' ? claims.value.sub : '');
  const secret = useSignal('');
  const { busy, error, run, clear } = useTask();

  const submit = (event: Event): void => {
    event.preventDefault();
    void run(async () => {
      const typed = secret.value;
      let token: string;
      if (way.value === 'password') {
        token = await login(user.value.trim(), typed);
      } else {
        token = tokenInLink(typed);
        const read = claimsOf(token);
        if (!read) throw new HubError('unauthorized', '');
        if (onFirst && isFirstLink(token)) return onFirst(token);
        if (read.type === 'grant') token = await redeemLink(token);
      }
      if (!signIn(token, stay.value)) throw new HubError('unauthorized', '');
      secret.value = '';
    });
  };
  const choose = (chosen: Way): void => {
    way.value = chosen;
    secret.value = '';
    clear();
  };
  const problem = error.value ? problemOf(way.value, error.value) : null;

  return (
    <form class="stack" onSubmit={submit} noValidate>
      <div class="segments" role="tablist" aria-label={t('signin.how')}>
        {(['password', 'link', 'token'] as const).map((one) => (
          <button
            key={one}
            type="button"
            role="tab"
            aria-selected={way.value === one}
            aria-controls="signin-panel"
            onClick={() => choose(one)}
          >
            {t(`signin.${one}`)}
          </button>
        ))}
      </div>
      <div id="signin-panel" role="tabpanel" aria-label={t(`signin.${way.value}`)} class="stack">
        {way.value === 'password' ? (
          <>
            <Field label={t('signin.user')}>
              {(ids) => (
                <input
                  {...ids}
                  name="username"
                  autoComplete="username"
                  autoCapitalize="none"
                  spellcheck={false}
                  required
                  value={user.value}
                  onInput={(event) => (user.value = event.currentTarget.value)}
                />
              )}
            </Field>
            <Field label={t('signin.password')} problem={problem}>
              {(ids) => (
                <input
                  {...ids}
                  type="password"
                  name="password"
                  autoComplete="current-password"
                  required
                  value={secret.value}
                  onInput={(event) => (secret.value = event.currentTarget.value)}
                />
              )}
            </Field>
          </>
        ) : (
          <Field
            key={way.value}
            label={way.value === 'link' ? t('signin.link.label') : t('signin.token.label')}
            hint={way.value === 'link' ? t('signin.link.hint') : t('signin.token.hint')}
            problem={problem}
          >
            {(ids) => (
              <textarea
                {...ids}
                class="mono"
                rows={4}
                spellcheck={false}
                autoComplete="off"
                required
                value={secret.value}
                onInput={(event) => (secret.value = event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <label class="check">
          <input type="checkbox" checked={stay.value} onChange={(event) => (stay.value = event.currentTarget.checked)} />
          <span>{t('signin.stay')}</span>
        </label>
      </div>
      {problem && (
        <p class="visually-hidden" role="alert">
          {problem}
        </p>
      )}
      <Button kind="primary" type="submit" busy={busy.value} class="wide" disabled={!secret.value}>
        {t('signin.do')}
      </Button>
    </form>
  );
}

/// `link`: the token of a login link that this page was opened with.
export function SignInPage({ link, because }: { link: string | null; because: string | null }) {
  const { busy, error, run, clear } = useTask();
  const first = useSignal(link && isFirstLink(link) ? link : null);
  useEffect(() => {
    if (!link || first.value) return;
    void run(async () => {
      const read = claimsOf(link);
      const token = read?.type === 'grant' ? await redeemLink(link) : link;
      if (!signIn(token, true)) throw new HubError('unauthorized', '');
    });
  }, []);
  return (
    <main class="signin">
      <div class="signin-card">
        <header>
          <Logo />
          <h1>Strawberry Hub</h1>
          {!first.value && <p class="muted">{t('signin.about')}</p>}
        </header>
        {because && <p class="notice warn">{because}</p>}
        {error.value ? (
          <p class="notice bad" role="alert">
            {problemOf('link', error.value)}
          </p>
        ) : null}
        {busy.value ? (
          <p class="loading" role="status">
            <span class="spinner" /> {t('signin.busy')}
          </p>
        ) : first.value ? (
          <FirstAdmin
            key={first.value}
            grant={first.value}
            onRefused={(refusal) => {
              first.value = null;
              void run(() => Promise.reject(refusal));
            }}
          />
        ) : (
          <SignInForm onFirst={(grant) => { clear(); first.value = grant; }} />
        )}
        {!first.value && (
          <details class="help">
            <summary>{t('signin.help')}</summary>
            <p>{t('signin.help.text')}</p>
            <pre tabIndex={0} aria-label={t('signin.help')}>
              strawberryctl login-link --dashboard --user {'NAME'}
            </pre>
          </details>
        )}
      </div>
      <footer class="signin-foot">
        <LanguageChoice />
      </footer>
    </main>
  );
}

export function SignInAgain({ because }: { because: Ended }) {
  return (
    <Dialog title={t(`ended.${because}.title`)} onClose={null}>
      <div class="stack">
        <p>{t(`ended.${because}.text`)}</p>
        <SignInForm />
      </div>
    </Dialog>
  );
}
