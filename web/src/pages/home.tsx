/// Home: how the hub is, what it did today, and the devices.

import { useComputed, useSignal } from '@preact/signals';

import type { Device } from '../hub/wire';
import { hrefOf } from '../router';
import { devicesLoaded, devicesProblem, loadDevices, onlineCount, rooms, sortedDevices, viewedUser, viewUser } from '../state/devices';
import { health, hubOnline, usageToday } from '../state/hub';
import { isAdmin, isDevice, isGuest, ownUser } from '../state/session';
import { loadPeople, people } from '../state/people';
import { formatNumber, formatSpan, t, tn } from '../text';
import { Icon } from '../ui/icons';
import { Ago, Badge, Button, Empty, Loading, PageHead, Presence, Problem } from '../ui/parts';
import { VirtualGrid } from '../ui/virtual';
import { useWhenServed } from '../ui/when_served';
import { AddDevice } from './add_device';

function Figure({ label, value, about }: { label: string; value: string; about?: string | undefined }) {
  return (
    <div class="figure">
      <dt>{label}</dt>
      <dd>
        <strong>{value}</strong>
        {about && <span class="muted small">{about}</span>}
      </dd>
    </div>
  );
}

function Figures() {
  const now = health.value;
  const used = usageToday.value;
  const all = sortedDevices.value;
  return (
    <dl class="figures">
      <Figure
        label={t('home.devices')}
        value={`${formatNumber(onlineCount.value)} / ${formatNumber(all.length)}`}
        about={t('home.devices.about')}
      />
      <Figure
        label={t('home.skills')}
        value={formatNumber(all.reduce((sum, device) => sum + (device.skill_count || 0), 0))}
        about={now ? tn('home.calls', now.calls_in_flight) : undefined}
      />
      {used ? (
        <>
          <Figure label={t('home.chats')} value={formatNumber(used.chats)} about={t('home.today')} />
          <Figure label={t('home.tokens')} value={formatNumber(used.tokens)} about={t('home.today')} />
        </>
      ) : (
        now && <Figure label={t('home.uptime')} value={formatSpan(now.uptime_s)} about={t('home.uptime.about')} />
      )}
    </dl>
  );
}

function Models() {
  const providers = health.value?.providers;
  if (!Array.isArray(providers)) return null;
  return (
    <section class="card strip" aria-label={t('home.models')}>
      <h2>{t('home.models')}</h2>
      <ul class="plain badges">
        {providers.slice(0, 32).map((provider) => (
          <li key={provider.name}>
            <Badge tone={provider.state === 'closed' ? 'good' : provider.state === 'open' ? 'bad' : 'warn'}>
              <span class="name">{provider.name}</span>
              {provider.state !== 'closed' && ` · ${t(`model.${provider.state === 'open' ? 'open' : 'half_open'}`)}`}
            </Badge>
          </li>
        ))}
        {providers.length === 0 && <li class="muted">{t('home.models.none')}</li>}
      </ul>
    </section>
  );
}

export function DeviceCard({ device }: { device: Device }) {
  return (
    <a class="card device-card" href={hrefOf('device', device.device_id)}>
      <div class="device-card-head">
        <span class={`device-icon ${device.online ? 'on' : ''}`}>
          <Icon name="device" />
        </span>
        <span class="clip">
          <strong class="name">{device.name}</strong>
          <span class="muted small">
            {device.room ? <span class="name">{device.room}</span> : isAdmin.value ? <span class="name">{device.user_id}</span> : tn('skills', device.skill_count || 0)}
          </span>
        </span>
      </div>
      <div class="device-card-foot small">
        {device.is_active === false ? <Badge tone="bad">{t('revoked')}</Badge> : <Presence online={device.online} />}
        <span class="muted">{device.online ? (device.room ? tn('skills', device.skill_count || 0) : null) : <Ago at={device.last_seen} />}</span>
      </div>
    </a>
  );
}

/// An admin looks at the devices of one user at a time.
function WhoseDevices() {
  useWhenServed(() => void loadPeople().catch(() => {}));
  const own = ownUser();
  return (
    <select aria-label={t('home.whose')} value={viewedUser.value || own} onChange={(event) => viewUser(event.currentTarget.value)}>
      <option value={own}>{own || t('home.everybody')}</option>
      {people.value
        .filter((person) => person.user_id !== own)
        .map((person) => (
          <option key={person.user_id} value={person.user_id}>
            {person.name ? `${person.name} (${person.user_id})` : person.user_id}
          </option>
        ))}
    </select>
  );
}

const search_from = 9; // devices
const id_part_least = 6; // characters
const card_width_px = 240;
const card_height_px = 120;
const card_gap_px = 12;

export function HomePage() {
  const query = useSignal('');
  const room = useSignal('');
  const adding = useSignal(false);
  const shown = useComputed(() => {
    const words = query.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return sortedDevices.value.filter((device) => {
      if (room.value && device.room !== room.value) return false;
      const all = `${device.name} ${device.room ?? ''} ${device.user_id} ${(device.aliases ?? []).join(' ')}`.toLowerCase();
      // A short word is in somebody's id by chance.
      return words.every((word) => all.includes(word) || (word.length >= id_part_least && device.device_id.toLowerCase().includes(word)));
    });
  });
  const total = sortedDevices.value.length;
  const mayAdd = !isGuest.value && !isDevice.value;

  return (
    <>
      <PageHead title={t('nav.home')} about={hubOnline.value === false ? t('connection.bridge') : undefined}>
        {isAdmin.value && <WhoseDevices />}
        {mayAdd && (
          <Button kind="primary" icon="plus" onClick={() => (adding.value = true)}>
            {t('device.add')}
          </Button>
        )}
      </PageHead>
      <Figures />
      <Models />
      <section aria-labelledby="devices-title" class="stack">
        <div class="section-head">
          <h2 id="devices-title">{t('home.list')}</h2>
          {total >= search_from && (
            <div class="filters">
              {rooms.value.length > 0 && (
                <select aria-label={t('room')} value={room.value} onChange={(event) => (room.value = event.currentTarget.value)}>
                  <option value="">{t('room.all')}</option>
                  {rooms.value.map((one) => (
                    <option key={one} value={one}>
                      {one}
                    </option>
                  ))}
                </select>
              )}
              <label class="search">
                <Icon name="search" />
                <span class="visually-hidden">{t('home.search')}</span>
                <input
                  type="search"
                  placeholder={t('home.search')}
                  value={query.value}
                  onInput={(event) => (query.value = event.currentTarget.value)}
                />
              </label>
            </div>
          )}
        </div>
        {devicesProblem.value && total === 0 ? (
          <Problem error={devicesProblem.value}>
            <Button icon="again" onClick={() => void loadDevices()}>
              {t('again')}
            </Button>
          </Problem>
        ) : !devicesLoaded.value ? (
          <Loading />
        ) : total === 0 ? (
          <Empty icon="device" title={t('home.empty.title')}>
            <p>{t(mayAdd ? 'home.empty.text' : 'home.empty.guest')}</p>
            {mayAdd && (
              <Button kind="primary" icon="plus" onClick={() => (adding.value = true)}>
                {t('device.add')}
              </Button>
            )}
          </Empty>
        ) : shown.value.length === 0 ? (
          <Empty icon="search" title={t('home.nothing.title')}>
            <p>{t('home.nothing.text')}</p>
          </Empty>
        ) : (
          <VirtualGrid
            items={shown.value}
            minWidth={card_width_px}
            height={card_height_px}
            gap={card_gap_px}
            keyOf={(device) => device.device_id}
            render={(device) => <DeviceCard device={device} />}
          />
        )}
      </section>
      {adding.value && <AddDevice onClose={() => (adding.value = false)} />}
    </>
  );
}
