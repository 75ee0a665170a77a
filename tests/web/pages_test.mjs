// The dashboard's other pages in a real Chromium against a real hub: people, tokens, limits, audit, Activity, backups; guests, languages and a phone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, dark, desktop, german, isClean, launch, pageOf, phone, settled, shoot, sideways, signIn } from './browser.mjs';
import { household } from './household.mjs';
import { Hub } from './hub.mjs';
import { until } from './wait.mjs';

let hub, browser, music;

before(async () => {
  hub = await new Hub().start();
  browser = await launch();
  ({ music } = await household(hub));
});

after(async () => {
  if (process.env.STRAWBERRY_SAY) console.log(hub?.output);
  await browser?.close();
  await hub?.stop();
});

async function signedIn(user, options = desktop) {
  const page = await pageOf(browser, options);
  await signIn(page, hub, await hub.token(user));
  return page;
}

test('a guest sees the devices of the household, and no more than it may', async () => {
  const page = await signedIn('gerda');
  await page.getByText('Living Room Speaker').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Add device' }).count(), 0);
  for (const hidden of ['People', 'Audit', 'Tokens', 'Backup']) assert.equal(await page.getByRole('link', { name: hidden }).count(), 0, hidden);
  await page.locator('.device-card', { hasText: 'Living Room Speaker' }).click();
  await page.getByLabel('name', { exact: true }).fill('Help');
  for (const hidden of ['Edit', 'Revoke', 'Delete']) assert.equal(await page.getByRole('button', { name: hidden, exact: true }).count(), 0, hidden);
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('.outcome pre', { hasText: 'Playing Help' }).waitFor();
  await page.goto(`${hub.url}/app/people`);
  await page.getByText('You may not do this').waitFor();
  isClean(page);
  await page.context().close();
});

test('an admin manages people, limits and the audit, and follows a request from start to end', async () => {
  const page = await signedIn('root');
  await page.getByRole('link', { name: 'People' }).click();
  await page.getByText('Gerda', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Add person' }).click();
  await page.getByLabel('User name').fill('bob');
  await page.getByLabel('Name', { exact: true }).fill('Bob');
  await page.getByLabel('Password').fill('long enough');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Bob').first().waitFor();
  await shoot(page, 'people');
  await accessible(page, 'people');
  await page.getByRole('button', { name: 'Limits of alice' }).click();
  await page.getByRole('button', { name: 'Change Devices' }).click();
  await page.getByRole('dialog').getByLabel('Devices').last().fill('600');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('set for this user').waitFor();
  await accessible(page, 'limits');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByRole('cell', { name: 'users.update' }).first().waitFor();
  await accessible(page, 'audit');

  const alice = await hub.connect('alice', await hub.token('alice'));
  await page.getByRole('link', { name: 'Activity' }).click();
  await page.getByRole('heading', { name: 'Activity' }).waitFor();
  // What happens before the broker has taken the page's subscription is not shown.
  await until(async () => {
    await hub.ask(alice, 'skills', { op: 'call', skill_path: 'MusicSkill.play', target: music.device_id, args: ['Michelle'] });
    return page.locator('.activity-row', { hasText: 'skills.call MusicSkill.play' }).count();
  }, 'a call is seen');
  await page.locator('.activity-row', { hasText: 'answer' }).first().waitFor();
  await shoot(page, 'activity');
  await accessible(page, 'activity');
  await page.locator('.activity-row', { hasText: 'skills.call MusicSkill.play' }).last().click();
  const story = page.getByRole('dialog').locator('.story');
  for (const kind of ['request', 'call', 'result', 'answer']) await story.getByText(kind, { exact: true }).first().waitFor();
  await story.getByText('Living Room Speaker').first().waitFor();
  await shoot(page, 'request');
  isClean(page);
  await page.context().close();
});

test('tokens, limits, models, settings and backups have their pages', async () => {
  const page = await signedIn('alice');
  for (const [name, shows] of [['Tokens', 'What signs in for you'], ['Limits', 'Storage'], ['Models', 'ready'], ['Settings', 'Database'], ['Backup', 'No backups yet']]) {
    await page.getByRole('link', { name }).click();
    await page.getByText(shows).first().waitFor();
    await settled(page);
    await shoot(page, name.toLowerCase());
    await accessible(page, name);
  }
  await page.getByRole('link', { name: 'Tokens' }).click();
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByLabel('What is it for?').fill('Light switch');
  await page.getByLabel('Only these skills').fill('MusicSkill.*');
  await page.getByRole('button', { name: 'Make token' }).click();
  await page.getByText('This token is shown once').waitFor();
  await page.getByRole('button', { name: 'I have it' }).click();
  await page.getByText('Light switch', { exact: true }).waitFor();
  isClean(page);
  await page.context().close();
});

test('the browser’s language is followed: in German every page fits, on a phone and beside a list of pages', async () => {
  const first = await pageOf(browser, { ...desktop, ...german });
  await first.goto(hub.url);
  await first.getByRole('button', { name: 'Anmelden' }).waitFor();
  await first.locator('html[lang=de]').waitFor();
  await first.context().close();
  const pages = ['/', '/app/chat', '/app/activity', '/app/models', '/app/tokens', '/app/limits', '/app/backup', '/app/people', '/app/audit', '/app/settings'];
  for (const [kind, options] of [['phone', { ...phone, ...german }], ['desktop', { ...desktop, ...german, ...dark }]]) {
    const page = await signedIn('root', options);
    for (const path of pages) {
      await page.goto(hub.url + path);
      await settled(page);
      assert.equal(await sideways(page), 0, `${path} on a ${kind}`);
      await shoot(page, `${kind}-de${path.replace(/.*\//, '-')}`);
    }
    isClean(page);
    await page.context().close();
  }
});

test('on a phone, dark, everything is in reach', async () => {
  const page = await signedIn('alice', { ...phone, ...dark });
  await page.getByText('Living Room Speaker').waitFor();
  await shoot(page, 'phone-home');
  await accessible(page, 'phone home');
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('link', { name: 'Tokens' }).waitFor();
  await page.getByRole('link', { name: 'Chat' }).click();
  hub.model.answers = ['Playing **Yesterday** in the living room.'];
  await page.getByLabel('Message', { exact: true }).fill('play Yesterday');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.markdown strong').waitFor();
  await shoot(page, 'phone-chat');
  await accessible(page, 'phone chat');
  for (const path of ['/', '/app/chat', '/app/activity', '/app/tokens', `/app/device/${music.device_id}`]) {
    await page.goto(hub.url + path);
    await settled(page);
    assert.equal(await sideways(page), 0, `${path} is too wide`);
  }
  await page.context().close();
});

test('a backup is made and downloaded', async () => {
  const page = await signedIn('alice');
  await page.getByRole('link', { name: 'Backup' }).click();
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText('Backup of').first().waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  assert.match((await download).suggestedFilename(), /\.jsonl\.gz$/);
  isClean(page);
  await page.context().close();
});
