// A user with 500 devices and 5 000 skills, in a real Chromium: the page holds what is in sight, whatever there is. How
// long it takes is measured and printed, and never judged: docs/performance.md says what it was.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, desktop, isClean, launch, pageOf, phone, settled, shoot, sideways, signIn } from './browser.mjs';
import { Hub, skill } from './hub.mjs';
import { until } from './wait.mjs';

const device_count = 500;
const large = 500; // skills of the largest device
const each = 9; // of the others, and one more of the first few
const skill_count = 5_000;
const cards_max = 160; // in the page, of any number of devices
const rows_max = 60;

let hub, browser, devices, page, inspector;
const say = (what, figures) => console.log(`# ${what}: ${JSON.stringify(figures)}`);

function skillsOf(at) {
  const count = at === 0 ? large : each + (at <= skill_count - large - (device_count - 1) * each ? 1 : 0);
  return Array.from({ length: count }, (_, n) => skill(`Device${at}Skill`, `action_${n}(level: int = 50, mode: Literal['soft', 'hard'] = 'soft') -> str`, `Does thing ${n} of device ${at}.\n\nArgs:\n    level: From 0 to 100`));
}

before(async () => {
  hub = await new Hub({ flags: ['--no-rate-limits'] }).start();
  browser = await launch(['--enable-precise-memory-info', '--js-flags=--expose-gc']);
  await hub.user('alice', 'member', { name: 'Alice', password: 'strawberry fields' });
  await hub.ask(hub.admin, 'users', { op: 'update', user_id: 'alice', limits: { devices: 600 } });
  devices = [];
  for (let at = 0; at < device_count; at += 1) {
    const made = await hub.device(`Device ${String(at).padStart(3, '0')}`, 'alice', skillsOf(at), () => 'done');
    if (at % 3 === 0) await hub.ask(hub.admin, 'devices', { op: 'update', device_id: made.device_id, user_id: 'alice', room: `Room ${at % 20}` });
    devices.push(made);
  }
  page = await pageOf(browser, desktop);
  await page.context().addInitScript(() => {
    window.tasks = [];
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((one) => one.duration))).observe({ entryTypes: ['longtask'] });
    new MutationObserver(() => {
      if (document.querySelector('.device-card')) window.firstCard ??= performance.now();
    }).observe(document, { subtree: true, childList: true });
  });
  inspector = await page.context().newCDPSession(page);
  await inspector.send('Performance.enable', { timeDomain: 'threadTicks' });
  await signIn(page, hub, await hub.token('alice'));
});

after(async () => {
  await browser?.close();
  await hub?.stop();
});

/// Processor time of the page's thread, in ms: what else the machine does is not in it.
async function processorTime() {
  const { metrics } = await inspector.send('Performance.getMetrics');
  return Math.round((metrics.find((one) => one.name === 'TaskDuration')?.value ?? 0) * 1000);
}

/// What `work` costs the page: its processor time, tasks of more than 50 ms, and the longest.
async function measured(what, work) {
  await page.evaluate(() => (window.tasks = []));
  const before = await processorTime();
  const started = performance.now();
  await work();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const tasks = await page.evaluate(() => window.tasks);
  say(what, { ms: Math.round(performance.now() - started), processor_ms: (await processorTime()) - before, long_tasks: tasks.length, longest_ms: Math.round(Math.max(0, ...tasks)) });
}

/// Scrolls `box`, or the page, to its end, a step a frame; how many of `what` there were at most.
function scrolled(what, step, box = null) {
  return page.evaluate(
    async ([what, step, box]) => {
      const scroller = box ? document.querySelector(box) : document.documentElement;
      let most = 0;
      for (let frame = 0; frame < 2000; frame += 1) {
        scroller.scrollTop += step;
        await new Promise((done) => requestAnimationFrame(done));
        most = Math.max(most, document.querySelectorAll(what).length);
        if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 2) return most;
      }
      throw new Error('the end was not reached');
    },
    [what, step, box],
  );
}

const cards = () => page.locator('.device-card').count();

test('Home shows 500 devices, and holds those in sight', async () => {
  await page.reload();
  await page.locator('.figure', { hasText: 'Devices online' }).getByText(`${device_count} / ${device_count}`).waitFor();
  await page.locator('.figure', { hasText: 'Skills' }).getByText('5,000').waitFor();
  await settled(page);
  const figures = await page.evaluate(() => {
    globalThis.gc?.();
    return {
      first_paint_ms: Math.round(performance.getEntriesByType('paint').find((one) => one.name === 'first-contentful-paint')?.startTime ?? -1),
      first_card_ms: Math.round(window.firstCard),
      answered_ms: Math.round(performance.now()),
      long_tasks: window.tasks.length,
      longest_ms: Math.round(Math.max(0, ...window.tasks)),
      heap_mib: Math.round(performance.memory.usedJSHeapSize / 1024 / 1024),
      nodes: document.querySelectorAll('*').length,
    };
  });
  say('load', figures);
  assert.ok(figures.first_paint_ms > 0 && figures.first_paint_ms <= figures.first_card_ms, 'something is shown before the devices are there');
  assert.ok((await cards()) <= cards_max, `${await cards()} cards`);
  await shoot(page, 'many-home');
  await accessible(page, '500 devices');
});

test('scrolling to the last device shows each, and never holds many', async () => {
  let most = 0;
  await measured('scroll', async () => (most = await scrolled('.device-card', 100)));
  await page.locator('.device-card', { hasText: 'Device 499' }).waitFor();
  assert.ok(most > 0 && most <= cards_max, `${most} cards`);
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('.device-card', { hasText: 'Device 000' }).waitFor();
});

test('what is typed finds a device', async () => {
  const search = page.getByLabel('Find a device');
  await measured('typing in the filter', () => search.pressSequentially('device 321', { delay: 30 }));
  await until(async () => (await cards()) === 1, 'one device fits');
  await page.locator('.device-card', { hasText: 'Device 321' }).waitFor();
  await search.fill('');
  await until(async () => (await cards()) > 1, 'all devices again');
  await page.getByLabel('Room').selectOption('Room 6');
  await until(async () => (await page.locator('.device-card', { hasText: 'Room 6' }).count()) === (await cards()), 'those of one room');
  await page.getByLabel('Room').selectOption({ index: 0 });
  await search.fill('no such device');
  await page.getByText('No device fits').waitFor();
  await search.fill('');
});

test('200 devices leave and come back, and the page follows', async () => {
  const some = devices.slice(100, 300);
  const online = page.locator('.figure', { hasText: 'Devices online' });
  await measured('200 devices leave', async () => {
    for (const device of some) device.end(true);
    await online.getByText('300 / 500').waitFor();
  });
  await measured('200 devices come', async () => {
    for (const device of some) device.reconnect();
    await online.getByText('500 / 500').waitFor();
  });
  assert.ok((await cards()) <= cards_max);
});

test('a device with 500 skills of 5 000 shows them, finds one and runs it', async () => {
  const search = page.getByLabel('Find a device');
  await search.fill('device 000');
  await measured('a device is opened', async () => {
    await page.locator('.device-card', { hasText: 'Device 000' }).click();
    await page.locator('.skill-row').first().waitFor();
  });
  await page.getByText('500 skills').waitFor();
  const rows = () => page.locator('.skill-row').count();
  assert.ok((await rows()) <= rows_max, `${await rows()} rows`);
  await shoot(page, 'many-device');
  await accessible(page, '500 skills');
  const list = page.locator('.skills-list .virtual');
  await measured('scroll of skills', () => scrolled('.skill-row', 100, '.skills-list .virtual'));
  await list.getByText('action_499', { exact: true }).waitFor();
  assert.ok((await rows()) <= rows_max, `${await rows()} rows`);
  await measured('typing in the filter of skills', () => page.getByLabel('Find a skill').pressSequentially('action_321', { delay: 30 }));
  await until(async () => (await rows()) === 1, 'one skill fits');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('.outcome pre', { hasText: 'done' }).waitFor();
  assert.equal(devices[0].calls.at(-1).skill_path.split('.').at(-1), 'action_321');
  // Every device's own skills, from whichever page of the hub's answers.
  for (const at of [1, 250, 499]) {
    await page.goto(`${hub.url}/app/device/${devices[at].device_id}`);
    await page.locator('.skill-row', { hasText: `Device${at}Skill` }).first().waitFor();
    assert.ok([each, each + 1].includes(await rows()), `${await rows()} skills`);
  }
  say('memory', await page.evaluate(() => {
    globalThis.gc?.();
    return { heap_mib: Math.round(performance.memory.usedJSHeapSize / 1024 / 1024), nodes: document.querySelectorAll('*').length };
  }));
  isClean(page);
});

test('on a phone it is the same', async () => {
  const small = await pageOf(browser, phone);
  await signIn(small, hub, await hub.token('alice'));
  await small.locator('.device-card').first().waitFor();
  assert.equal(await sideways(small), 0);
  await small.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await small.locator('.device-card', { hasText: 'Device 499' }).waitFor();
  assert.ok((await small.locator('.device-card').count()) <= cards_max);
  await shoot(small, 'phone-many');
  isClean(small);
  await small.context().close();
});
