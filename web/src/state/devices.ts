/// Devices and who is online, live: the list as the hub has it, and on top of it what the retained status topics say.

import { batch, computed, effect, signal } from '@preact/signals';

import { isObject, text, type Device, type Skill } from '../hub/wire';
import { account, actingFor, ask, connectionState, whenForgotten, whenMessage, whenOnline } from './session';

const reload_pause_ms = 400;
const reload_apart_ms = 2_000; // at least, while many devices come and go
const status_pause_ms = 50; // statuses that come together are shown together
const skills_page = 500;
const skill_pages_max = 400; // of the hub's limits: 200 000 skills of a user
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

/// What a device said its name is, of anybody's devices.
export const nameInStatus = (id: string): string | undefined => statuses.get(id)?.name || undefined;

export const sortedDevices = computed(() =>
  [...devices.value.values()].sort(
    (a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name) || (a.device_id < b.device_id ? -1 : 1),
  ),
);
export const onlineCount = computed(() => sortedDevices.value.filter((device) => device.online).length);
export const rooms = computed(() =>
  [...new Set(sortedDevices.value.map((device) => device.room ?? '').filter(Boolean))].sort((a, b) => a.localeCompare(b)),
);

/// Skills by device. The hub lists them a user at a time; empty until somebody asks.
const skills = signal<ReadonlyMap<string, readonly Skill[]>>(new Map());
const skillsRead = new Set<string>(); // users whose skills are as the hub has them
const skillsLoaded = signal<ReadonlySet<string>>(new Set()); // users whose skills have been read at least once
/// The user whose skills a page shows: they are read again when they change, others when they are shown.
let skillsShown: string | null = null;

let timer: ReturnType<typeof setTimeout> | undefined;
let loadedAt = -Infinity;
interface Seen {
  online: boolean;
  since: string | null;
  name: string;
}
const statuses = new Map<string, Seen>();
/// Devices of somebody else, of which an admin hears: they are in no list that is shown.
const strangers = new Set<string>();
let fresh = new Map<string, Seen>();
let statusTimer: ReturnType<typeof setTimeout> | undefined;

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
  loadedAt = performance.now();
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
  if (timer !== undefined) return;
  const pause = Math.max(reload_pause_ms, loadedAt + reload_apart_ms - performance.now());
  timer = setTimeout(() => {
    timer = undefined;
    void loadDevices();
    if (skillsShown !== null && !skillsRead.has(skillsShown)) loadSkills(skillsShown).catch(() => {});
  }, pause);
}

/// All skills of a user, page by page.
async function readSkills(user: string): Promise<Skill[]> {
  const body = actingFor(user === account.value?.guestOf ? '' : user, { op: 'list', limit: skills_page });
  const found: Skill[] = [];
  let cursor = '';
  for (let page = 0; page < skill_pages_max; page += 1) {
    const answer = await ask('skills', cursor ? { ...body, cursor } : body);
    const list = Array.isArray(answer.skills) ? answer.skills : [];
    found.push(...(list.filter((skill) => isObject(skill) && text(skill.function_name)) as unknown as Skill[]));
    cursor = text(answer.next_cursor);
    if (!cursor) break;
  }
  return found;
}

async function loadSkills(user: string): Promise<void> {
  skillsRead.clear();
  skillsRead.add(user); // of one user at a time
  try {
    const read = await readSkills(user);
    const byDevice = new Map<string, Skill[]>();
    for (const skill of read) {
      const of = byDevice.get(skill.device_id);
      if (of) of.push(skill);
      else byDevice.set(skill.device_id, [skill]);
    }
    batch(() => {
      skills.value = byDevice;
      skillsLoaded.value = new Set([user]);
    });
  } catch (error) {
    skillsRead.delete(user);
    throw error;
  }
}

/// What a page shows of `user`'s skills is kept as the hub has it until the returned function is called.
export function showSkills(user: string, failed: (error: unknown) => void): () => void {
  skillsShown = user;
  if (!skillsRead.has(user)) loadSkills(user).catch(failed);
  return () => {
    if (skillsShown === user) skillsShown = null;
  };
}

const no_skills: readonly Skill[] = [];

export function skillsOf(device: Device): readonly Skill[] | null {
  return skillsLoaded.value.has(device.user_id) ? (skills.value.get(device.device_id) ?? no_skills) : null;
}

function readStatus(id: string, payload: Uint8Array): void {
  if (payload.length === 0) {
    statuses.delete(id);
    strangers.delete(id);
    return loadSoon();
  }
  if (payload.length > payload_bytes_max) return;
  const raw = new TextDecoder().decode(payload);
  let state = raw;
  let since: string | null = null;
  let name = '';
  try {
    const status: unknown = JSON.parse(raw);
    if (isObject(status)) {
      state = text(status.state);
      since = text(status.since) || null;
      name = text(status.name);
    }
  } catch {
    // A device may say just `online` or `offline`.
  }
  if (state !== 'online' && state !== 'offline') return;
  const seen = { online: state === 'online', since, name };
  statuses.set(id, seen);
  fresh.set(id, seen);
  statusTimer ??= setTimeout(showStatuses, status_pause_ms);
}

function showStatuses(): void {
  statusTimer = undefined;
  const arrived = fresh;
  fresh = new Map();
  let next: Map<string, Device> | null = null;
  for (const [id, { online, since }] of arrived) {
    const device = devices.value.get(id);
    if (!device) {
      // A new one, or not one of the user's: then a second list does not have it either.
      if (!strangers.has(id)) loadSoon();
      strangers.add(id);
      continue;
    }
    if (device.online === online && (since === null || since === device.last_seen)) continue;
    next ??= new Map(devices.value);
    next.set(id, { ...device, online, last_seen: since ?? device.last_seen });
  }
  if (next) devices.value = next;
}

whenMessage((topic, payload) => {
  const [family, id = '', kind] = topic.split('/');
  if (family !== 'devices') return;
  if (kind === 'status') readStatus(id, payload);
  if (kind === 'skills') {
    skillsRead.clear();
    loadSoon();
  }
});

// What was said on a connection that is gone is said again on the next.
effect(() => {
  if (connectionState.value === 'waiting') statuses.clear();
});

whenOnline(() => {
  strangers.clear();
  skillsRead.clear();
  void loadDevices();
  if (skillsShown !== null) loadSkills(skillsShown).catch(() => {});
});

whenForgotten(() => {
  clearTimeout(timer);
  timer = undefined;
  clearTimeout(statusTimer);
  statusTimer = undefined;
  fresh.clear();
  statuses.clear();
  strangers.clear();
  skillsRead.clear();
  viewedUser.value = '';
  devices.value = new Map();
  skills.value = new Map();
  skillsLoaded.value = new Set();
  devicesLoaded.value = false;
  devicesProblem.value = null;
});
