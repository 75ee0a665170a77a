// A household on a real hub: Alice with a speaker and a door, Gerda who is her guest, and Ruth who runs the hub.

import { Hub, skill } from './hub.mjs';

export const password = 'strawberry fields';
const music_skills = [
  skill('MusicSkill', "play(name: str, volume: int = 50, mode: Literal['once', 'repeat'] = 'once') -> str", 'Plays a song.\n\nArgs:\n    name: What it is called\n    volume: From 0 to 100'),
  skill('MusicSkill', 'stop() -> str', 'Stops the music.'),
];

/// Into a hub that has just started. Given back: the devices.
export async function household(hub) {
  await hub.user('alice', 'member', { name: 'Alice', password });
  await hub.user('root', 'admin', { name: 'Ruth', password });
  await hub.user('gerda', 'guest', { name: 'Gerda', guest_of: 'alice', password });
  const music = await hub.device('Living Room Speaker', 'alice', music_skills, (call) => `Playing ${call.kwargs.name ?? call.args[0]}`);
  const door = await hub.device('Front Door', 'alice', [skill('DoorSkill', 'unlock(minutes: int = 1) -> str', 'Unlocks the door.', { confirm: true })], () => 'The door is open');
  return { music, door };
}
