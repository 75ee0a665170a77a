/// The first start: a hub without accounts prints a one-time link, and this form makes the first admin with it.
///
/// Errors: beside the field that is wrong; `onRefused` when the link is used, expired, or the hub has an admin.

import { useSignal } from '@preact/signals';

import { createFirstAdmin } from '../hub/door';
import { HubError, isTaken } from '../hub/wire';
import { signIn } from '../state/session';
import { t } from '../text';
import { problemText } from '../text/problem';
import { Button, Field, useTask } from '../ui/parts';

const id_pattern = /^[A-Za-z0-9_-]{1,64}$/;
const password_least = 8;
const refusals = new Set(['unauthorized', 'forbidden', 'not_found']);

export function FirstAdmin({ grant, onRefused }: { grant: string; onRefused: (refusal: HubError) => void }) {
  const user = useSignal('');
  const password = useSignal('');
  const wrong = useSignal<'user' | 'taken' | 'password' | null>(null);
  const { busy, error, run } = useTask();
  const submit = (event: Event): void => {
    event.preventDefault();
    wrong.value = !id_pattern.test(user.value.trim()) ? 'user' : password.value.length < password_least ? 'password' : null;
    if (wrong.value) return;
    void run(async () => {
      try {
        if (!signIn(await createFirstAdmin(grant, user.value.trim(), password.value), true)) throw new HubError('unreadable', '');
      } catch (refusal) {
        if (isTaken(refusal)) wrong.value = 'taken';
        else if (refusal instanceof HubError && refusals.has(refusal.code)) return onRefused(refusal);
        else throw refusal;
      }
    });
  };
  const userProblem = wrong.value === 'user' ? t('people.id.hint') : wrong.value === 'taken' ? t('people.id.taken') : null;
  const problem = wrong.value === 'password' ? t('people.password.hint') : error.value ? problemText(error.value) : null;
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <div class="stack-s">
        <h2>{t('first.title')}</h2>
        <p class="muted">{t('first.text')}</p>
      </div>
      <Field label={t('signin.user')} hint={t('people.id.hint')} problem={userProblem}>
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
      <Field label={t('signin.password')} hint={t('people.password.hint')} problem={problem}>
        {(ids) => (
          <input
            {...ids}
            type="password"
            name="password"
            autoComplete="new-password"
            required
            value={password.value}
            onInput={(event) => (password.value = event.currentTarget.value)}
          />
        )}
      </Field>
      {(userProblem || problem) && (
        <p class="visually-hidden" role="alert">
          {userProblem ?? problem}
        </p>
      )}
      <Button kind="primary" type="submit" class="wide" busy={busy.value}>
        {t('first.do')}
      </Button>
    </form>
  );
}
