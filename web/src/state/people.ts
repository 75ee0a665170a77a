/// The users of the hub, for those who may see them.

import { signal } from '@preact/signals';

import { isObject, text } from '../hub/wire';
import { ask, whenForgotten } from './session';

export interface Person {
  user_id: string;
  name: string;
  role: string;
  guest_of: string | null;
  disabled: boolean;
  has_password: boolean;
  has_account: boolean;
  created_at: string | null;
  last_login: string | null;
  devices: number;
  devices_online: number;
}

export const people = signal<readonly Person[]>([]);
export const peopleTotal = signal(0);

export async function loadPeople(): Promise<void> {
  const answer = await ask('users', { op: 'list' });
  const list = Array.isArray(answer.users) ? answer.users : [];
  people.value = list.filter((one) => isObject(one) && text(one.user_id)) as unknown as Person[];
  peopleTotal.value = typeof answer.total === 'number' ? answer.total : people.value.length;
}

whenForgotten(() => {
  people.value = [];
  peopleTotal.value = 0;
});
