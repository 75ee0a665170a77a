/// The users of the hub, by its admins: create, change, disable, delete, set limits.

import { useSignal } from '@preact/signals';

import { isTaken, type JsonObject } from '../hub/wire';
import { go } from '../router';
import { viewUser } from '../state/devices';
import { loadPeople, people, type Person } from '../state/people';
import { ask, ownUser } from '../state/session';
import { t, tn } from '../text';
import { Ago, Badge, Button, Confirm, Dialog, Empty, Field, Loading, PageHead, Problem, toast, useTask } from '../ui/parts';
import { useWhenServed } from '../ui/when_served';
import { LimitTable } from './limits';

const password_least = 8;

function Edit({ person, onClose }: { person: Person | null; onClose: () => void }) {
  const id = useSignal(person?.user_id ?? '');
  const name = useSignal(person?.name ?? '');
  const role = useSignal(person?.role ?? 'member');
  const host = useSignal(person?.guest_of ?? '');
  const password = useSignal('');
  const disabled = useSignal(person?.disabled ?? false);
  const { busy, error, run } = useTask();
  const submit = (event: Event): void => {
    event.preventDefault();
    void run(async () => {
      const body: JsonObject = { op: person ? 'update' : 'create', user_id: id.value.trim(), name: name.value.trim(), role: role.value };
      if (role.value === 'guest') body.guest_of = host.value.trim();
      if (person) {
        body.disabled = disabled.value;
        if (!person.has_account) {
          await ask('users', { op: 'create', user_id: person.user_id, name: name.value.trim(), role: role.value, ...(role.value === 'guest' ? { guest_of: host.value.trim() } : {}) });
          if (disabled.value) await ask('users', { op: 'update', user_id: person.user_id, disabled: true });
        } else {
          await ask('users', body);
        }
        if (password.value) await ask('users', { op: 'set_password', user_id: person.user_id, new: password.value });
      } else {
        if (password.value) body.password = password.value;
        await ask('users', body);
      }
      await loadPeople();
      toast(t('saved'));
      onClose();
    });
  };
  return (
    <Dialog title={person ? t('people.edit') : t('people.add')} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <Field label={t('people.id')} hint={person ? undefined : t('people.id.hint')} problem={isTaken(error.value) ? t('people.id.taken') : null}>
          {(ids) => <input {...ids} required disabled={!!person} pattern="[A-Za-z0-9_\-]{1,64}" autoCapitalize="none" autoComplete="off" value={id.value} onInput={(event) => (id.value = event.currentTarget.value)} />}
        </Field>
        <Field label={t('people.name')}>
          {(ids) => <input {...ids} maxLength={128} autoComplete="off" value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />}
        </Field>
        <Field label={t('people.role')} hint={t(`people.role.${role.value === 'admin' || role.value === 'guest' ? role.value : 'member'}`)}>
          {(ids) => (
            <select {...ids} value={role.value} onChange={(event) => (role.value = event.currentTarget.value)}>
              {(['member', 'guest', 'admin'] as const).map((one) => (
                <option key={one} value={one}>{t(`role.${one}`)}</option>
              ))}
            </select>
          )}
        </Field>
        {role.value === 'guest' && (
          <Field label={t('people.host')} hint={t('people.host.hint')}>
            {(ids) => (
              <select {...ids} required value={host.value} onChange={(event) => (host.value = event.currentTarget.value)}>
                <option value="">{t('form.choose')}</option>
                {people.value.filter((one) => one.role !== 'guest' && one.user_id !== person?.user_id).map((one) => (
                  <option key={one.user_id} value={one.user_id}>{one.name || one.user_id}</option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field label={t(person ? 'people.password.new' : 'signin.password')} hint={t('people.password.hint')}>
          {(ids) => <input {...ids} type="password" minLength={password_least} autoComplete="new-password" value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} />}
        </Field>
        {person && person.user_id !== ownUser() && (
          <label class="check">
            <input type="checkbox" checked={disabled.value} onChange={(event) => (disabled.value = event.currentTarget.checked)} />
            <span>{t('people.disable')}</span>
          </label>
        )}
        <Problem error={isTaken(error.value) ? null : error.value} />
        <div class="actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy.value} disabled={!id.value.trim()}>{t('save')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

export function PeoplePage() {
  const problem = useSignal<unknown>(null);
  const loaded = useSignal(false);
  const editing = useSignal<Person | null | 'new'>(null);
  const limiting = useSignal<Person | null>(null);
  const removing = useSignal<Person | null>(null);
  useWhenServed(() => {
    loadPeople().then(
      () => {
        loaded.value = true;
        problem.value = null;
      },
      (error) => (problem.value = error),
    );
  });
  return (
    <>
      <PageHead title={t('nav.people')} about={t('people.about')}>
        <Button kind="primary" icon="plus" onClick={() => (editing.value = 'new')}>{t('people.add')}</Button>
      </PageHead>
      <Problem error={problem.value} />
      {!loaded.value && !problem.value && <Loading />}
      {loaded.value && people.value.length === 0 && (
        <Empty icon="people" title={t('people.empty.title')}><p>{t('people.empty.text')}</p></Empty>
      )}
      <ul class="plain rows card flush">
        {people.value.map((person) => (
          <li key={person.user_id}>
            <span class="avatar" aria-hidden="true">{(person.name || person.user_id).slice(0, 1).toUpperCase()}</span>
            <span class="clip grow">
              <strong class="name">{person.name || person.user_id}</strong>
              <span class="muted small name">{person.user_id}{person.guest_of ? ` · ${t('people.guest_of', { name: person.guest_of })}` : ''}</span>
            </span>
            <span class="row">
              <Badge tone={person.role === 'admin' ? 'accent' : 'idle'}>{t(person.role === 'admin' ? 'role.admin' : person.role === 'guest' ? 'role.guest' : 'role.member')}</Badge>
              {person.disabled && <Badge tone="bad">{t('people.disabled')}</Badge>}
            </span>
            <span class="muted small only-wide">
              {tn('people.devices', person.devices)} · {person.last_login ? <>{t('people.login')} <Ago at={person.last_login} /></> : t('people.login.never')}
            </span>
            <span class="row nowrap">
              <Button kind="quiet" icon="device" bare onClick={() => { viewUser(person.user_id); go('home'); }}>{t('people.look', { name: person.user_id })}</Button>
              <Button kind="quiet" icon="gauge" bare onClick={() => (limiting.value = person)}>{t('people.limits', { name: person.user_id })}</Button>
              <Button kind="quiet" icon="edit" bare onClick={() => (editing.value = person)}>{t('people.edit.of', { name: person.user_id })}</Button>
              <Button kind="quiet" icon="trash" bare disabled={person.user_id === ownUser()} onClick={() => (removing.value = person)}>{t('people.delete.of', { name: person.user_id })}</Button>
            </span>
          </li>
        ))}
      </ul>
      {editing.value && <Edit person={editing.value === 'new' ? null : editing.value} onClose={() => (editing.value = null)} />}
      {limiting.value && (
        <Dialog title={t('people.limits', { name: limiting.value.user_id })} onClose={() => (limiting.value = null)} wide>
          <LimitTable user={limiting.value.user_id} mayChange />
        </Dialog>
      )}
      {removing.value && (
        <Confirm
          title={t('people.delete.title')}
          yes={t('delete')}
          onClose={() => (removing.value = null)}
          onYes={async () => {
            await ask('users', { op: 'delete', user_id: removing.value?.user_id ?? '' });
            removing.value = null;
            await loadPeople();
            toast(t('delete.done'));
          }}
        >
          <p><strong class="name">{removing.value.name || removing.value.user_id}</strong></p>
          <p>{t('people.delete.text')}</p>
        </Confirm>
      )}
    </>
  );
}
