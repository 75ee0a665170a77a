/// One device: what it can do, and what may be done with it.

import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { HubError, type Device, type Skill } from '../hub/wire';
import { go } from '../router';
import { devices, devicesLoaded, loadDevices, showSkills, skillsOf } from '../state/devices';
import { isAdmin } from '../state/session';
import { formatTime, t, tn } from '../text';
import { Icon } from '../ui/icons';
import { Ago, Badge, Button, CopyButton, Empty, Loading, PageHead, Presence, Problem } from '../ui/parts';
import { VirtualList } from '../ui/virtual';
import { DeviceActions } from './device_actions';
import { RunSkill } from './run_skill';

const row_height_px = 52;
const search_from = 8; // skills

function Skills({ device }: { device: Device }) {
  const query = useSignal('');
  const chosen = useSignal('');
  const problem = useSignal<unknown>(null);
  useEffect(() => showSkills(device.user_id, (error) => (problem.value = error)), [device.user_id]);
  const all = skillsOf(device);
  const pathOf = (skill: Skill): string => `${skill.class_name}.${skill.function_name}`;
  const words = query.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (all ?? []).filter((skill) => {
    const text = `${pathOf(skill)} ${skill.docstring ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const current = shown.find((skill) => pathOf(skill) === chosen.value) ?? shown[0];

  if (all === null) return problem.value ? <Problem error={problem.value} /> : <Loading />;
  if (all.length === 0) {
    return (
      <Empty icon="tool" title={t('skills.empty.title')}>
        <p>{t(device.online ? 'skills.empty.online' : 'skills.empty.offline')}</p>
      </Empty>
    );
  }
  return (
    <div class="skills">
      <div class="skills-list stack-s">
        {all.length >= search_from && (
          <label class="search">
            <Icon name="search" />
            <span class="visually-hidden">{t('skills.search')}</span>
            <input
              type="search"
              placeholder={t('skills.search')}
              value={query.value}
              onInput={(event) => (query.value = event.currentTarget.value)}
            />
          </label>
        )}
        {shown.length === 0 && <p class="muted">{t('skills.nothing')}</p>}
        <VirtualList
          items={shown}
          rowHeight={row_height_px}
          keyOf={pathOf}
          label={t('skills.list')}
          render={(skill) => (
            <button
              type="button"
              class="skill-row"
              aria-pressed={skill === current}
              onClick={() => (chosen.value = pathOf(skill))}
            >
              <span class="clip">
                <strong class="name">{skill.function_name}</strong>
                <span class="muted small name">{skill.class_name}</span>
              </span>
              {skill.confirm && <Icon name="lock" />}
            </button>
          )}
        />
      </div>
      {current && (
        <section class="skill card" aria-label={pathOf(current)}>
          <h3 class="mono name">{current.signature}</h3>
          <RunSkill key={`${pathOf(current)} ${current.signature}`} skill={current} device={device} />
        </section>
      )}
    </div>
  );
}

function Facts({ device }: { device: Device }) {
  return (
    <dl class="facts">
      <div>
        <dt>{t('device.state')}</dt>
        <dd>{device.is_active === false ? <Badge tone="bad">{t('revoked')}</Badge> : <Presence online={device.online} />}</dd>
      </div>
      <div>
        <dt>{t(device.online ? 'device.since' : 'device.seen')}</dt>
        <dd>
          <Ago at={device.last_seen} />
        </dd>
      </div>
      <div>
        <dt>{t('room')}</dt>
        <dd class="name">{device.room || <span class="muted">{t('room.none')}</span>}</dd>
      </div>
      {isAdmin.value && (
        <div>
          <dt>{t('device.owner')}</dt>
          <dd class="name">{device.user_id}</dd>
        </div>
      )}
      <div>
        <dt>{t('device.created')}</dt>
        <dd>{formatTime(Date.parse(device.created_at))}</dd>
      </div>
      <div class="grow">
        <dt>{t('device.id')}</dt>
        <dd class="row">
          <code class="clip">{device.device_id}</code>
          <CopyButton text={device.device_id} />
        </dd>
      </div>
    </dl>
  );
}

export function DevicePage({ id }: { id: string }) {
  const device = useComputed(() => devices.value.get(id));
  const problem = useSignal<unknown>(null);
  useEffect(() => {
    if (!devicesLoaded.value) void loadDevices().catch((error) => (problem.value = error));
  }, []);
  if (!device.value) {
    if (!devicesLoaded.value) return <Loading />;
    const gone = new HubError('not_found', '');
    return (
      <Empty icon="device" title={t('device.gone.title')}>
        <p>{problem.value instanceof HubError && problem.value.code !== gone.code ? problem.value.message : t('device.gone.text')}</p>
        <Button kind="primary" onClick={() => go('home')}>
          {t('device.gone.home')}
        </Button>
      </Empty>
    );
  }
  const shown = device.value;
  return (
    <>
      <a class="back" href="/">
        <Icon name="back" /> {t('nav.home')}
      </a>
      <PageHead title={<span class="name">{shown.name}</span>} about={tn('skills', shown.skill_count || 0)}>
        <DeviceActions device={shown} />
      </PageHead>
      <section class="card">
        <Facts device={shown} />
      </section>
      <section class="stack" aria-labelledby="skills-title">
        <h2 id="skills-title">{t('skills.title')}</h2>
        <Skills device={shown} />
      </section>
    </>
  );
}
