/// Devices and who is online, live: the list as the hub has it, and on top of it what the retained status topics say.

import { computed, signal } from '@preact/signals';

import { isObject, text, type Device, type Skill } from '../hub/wire';
import { account, actingFor, ask, whenForgotten, whenMessage, whenOnline } from './session';

const reload_pause_ms = 400;
const payload_bytes_max = 32 * 1024;

export const devices = signal<ReadonlyMap<string, Device>>(new Map());
export const devicesLoaded = signal(false);
export const devicesProblem = signal<unknown>(null);

/// Whose devices an admin looks at; empty: the admin's own, of an operator's token everybody's.
export const viewedUser = signal('');

export function viewUser(user: string): void {
  viewedUser.value = user;
  devices.value = new Map();
  devicesLoaded.value = false;
  void loadDevices();
}

export const sortedDevices = computed(() =>
  [...devices.value.values()].sort(
    (a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name) || (a.device_id < b.device_id ? -1 : 1),
  ),
);
export const onlineCount = computed(() => sortedDevices.value.filter((device) => device.online).length);
export const rooms = computed(() =>
  [...new Set(sortedDevices.value.map((device) => device.room ?? '').filter(Boolean))].sort((a, b) => a.localeCompare(b)),
);

/// Skills by owner of the devices: the hub lists them a user at a time. Empty until somebody asks.
export const skills = signal<ReadonlyMap<string, readonly Skill[]>>(new Map());
const skill_page_max = 500;
const skill_pages_max = 40; // 20 000 skills: more are not shown
const skillsWanted = new Set<string>();

let timer: ReturnType<typeof setTimeout> | undefined;
const statuses = new Map<string, { online: boolean; since: string | null }>();

function readDevice(value: unknown): Device | null {
  if (!isObject(value) || !text(value.device_id)) return null;
  const seen = statuses.get(text(value.device_id));
  return {
    ...(value as unknown as Device),
    name: text(value.name, text(value.device_id)),
    online: seen ? seen.online : value.online === true,
    last_seen: seen?.since ?? (text(value.last_seen) || null),
  };
}

export async function loadDevices(): Promise<void> {
  try {
    const user = viewedUser.value;
    const answer = await ask('devices', user ? actingFor(user, { op: 'list' }) : { op: 'list' });
    if (user !== viewedUser.value) return;
    const list = Array.isArray(answer.devices) ? answer.devices : [];
    const read = list.map(readDevice).filter((device): device is Device => device !== null);
    devices.value = new Map(read.map((device) => [device.device_id, device]));
    devicesLoaded.value = true;
    devicesProblem.value = null;
  } catch (error) {
    devicesProblem.value = error;
  }
}

function loadSoon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    void loadDevices();
    for (const user of skillsWanted) void loadSkills(user);
  }, reload_pause_ms);
}

export async function loadSkills(user: string): Promise<void> {
  skillsWanted.add(user);
  const list: unknown[] = [];
  let cursor = '';
  for (let page = 0; page < skill_pages_max && (page === 0 || cursor); page++) {
    const body = { op: 'list', limit: skill_page_max, ...(cursor && { cursor }) };
    const answer = await ask('skills', actingFor(user === account.value?.guestOf ? '' : user, body));
    if (Array.isArray(answer.skills)) list.push(...answer.skills);
    cursor = text(answer.next_cursor);
  }
  const read = list.filter((skill) => isObject(skill) && text(skill.function_name)) as unknown as Skill[];
  skills.value = new Map(skills.value).set(user, read);
}

export function skillsOf(device: Device): readonly Skill[] | null {
  const all = skills.value.get(device.user_id);
  return all ? all.filter((skill) => skill.device_id === device.device_id) : null;
}

function readStatus(id: string, payload: Uint8Array): void {
  if (payload.length === 0) {
    statuses.delete(id);
    return loadSoon();
  }
  if (payload.length > payload_bytes_max) return;
  const raw = new TextDecoder().decode(payload);
  let state = raw;
  let since: string | null = null;
  try {
    const status: unknown = JSON.parse(raw);
    if (isObject(status)) {
      state = text(status.state);
      since = text(status.since) || null;
    }
  } catch {
    // A device may say just `online` or `offline`.
  }
  if (state !== 'online' && state !== 'offline') return;
  statuses.set(id, { online: state === 'online', since });
  const device = devices.value.get(id);
  if (!device) return loadSoon();
  const online = state === 'online';
  if (device.online === online && (since === null || since === device.last_seen)) return;
  devices.value = new Map(devices.value).set(id, { ...device, online, last_seen: since ?? device.last_seen });
}

whenMessage((topic, payload) => {
  const [family, id = '', kind] = topic.split('/');
  if (family !== 'devices') return;
  if (kind === 'status') readStatus(id, payload);
  if (kind === 'skills') loadSoon();
});

whenOnline(() => {
  statuses.clear();
  void loadDevices();
  for (const user of skillsWanted) loadSkills(user).catch(() => {});
});

whenForgotten(() => {
  clearTimeout(timer);
  statuses.clear();
  skillsWanted.clear();
  viewedUser.value = '';
  devices.value = new Map();
  skills.value = new Map();
  devicesLoaded.value = false;
  devicesProblem.value = null;
});
