// The first start in a real Chromium: a hub without accounts prints a link, and the dashboard makes the first admin with
// it, as docs/dashboard.md says.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, desktop, german, isClean, launch, pageOf, shoot, sideways, signInByPassword, phone } from './browser.mjs';
import { Hub } from './hub.mjs';

let hub, browser, printed;

before(async () => {
  hub = await new Hub({ terminal: true }).start();
  browser = await launch();
  printed = /Its dashboard, to create its first admin \(once, within \d+ minutes\): (\S+)/.exec(hub.output)?.[1];
});

after(async () => {
  await browser?.close();
  await hub?.stop();
});

const welcome = (page) => page.getByRole('heading', { name: 'Welcome' });

test('strawberryctl run prints a link to the dashboard whose token no server sees', () => {
  assert.ok(printed, hub.output);
  assert.ok(printed.startsWith(`${hub.url}/#token=`), printed.slice(0, 40));
});

test('a link that is pasted leads to the form, too', async () => {
  const page = await pageOf(browser);
  await page.goto(hub.url);
  await page.getByRole('tab', { name: 'Login link' }).click();
  await page.locator('textarea').fill(`  ${await hub.ctl('login-link', '--dashboard')}\n`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await welcome(page).waitFor();
  isClean(page);
  await page.context().close();
});

test('on a phone and in German the form fits', async () => {
  const page = await pageOf(browser, { ...phone, ...german });
  await page.goto(printed);
  await page.getByRole('heading', { name: 'Willkommen' }).waitFor();
  await shoot(page, 'phone-first-admin-de');
  assert.equal(await sideways(page), 0);
  await accessible(page, 'first start on a phone');
  await page.context().close();
});

test('the link leaves the address at once; what is wrong is said beside its field; then the first admin is made and signed in', async () => {
  const page = await pageOf(browser, desktop);
  await page.goto(printed);
  await welcome(page).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await shoot(page, 'first-admin');
  await accessible(page, 'first start');

  const create = page.getByRole('button', { name: 'Create administrator' });
  await page.getByLabel('User name').fill('Ruth Müller');
  await page.getByRole('textbox', { name: 'Password' }).fill('long enough');
  await create.click();
  await page.locator('.field .problem', { hasText: 'Letters, digits' }).waitFor();
  await page.getByLabel('User name').fill('ruth');
  await page.getByRole('textbox', { name: 'Password' }).fill('short');
  await create.click();
  await page.locator('.field .problem', { hasText: 'At least 8 characters' }).waitFor();
  await accessible(page, 'what is wrong');
  await page.getByRole('textbox', { name: 'Password' }).fill('x'.repeat(2_000));
  await create.click();
  await page.locator('.field .problem', { hasText: 'at most 1,024 bytes' }).waitFor();
  // Devices may have a user before anybody has an account.
  await hub.ask(hub.admin, 'devices', { op: 'register', name: 'Lamp', user_id: 'CARL' });
  await page.getByLabel('User name').fill('carl');
  await page.getByRole('textbox', { name: 'Password' }).fill('strawberry fields');
  await create.click();
  await page.locator('.field .problem', { hasText: 'There is such a user' }).waitFor();
  await page.getByLabel('User name').fill('ruth');
  await create.click();

  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await page.getByText('No devices yet').waitFor();
  await page.locator('.who', { hasText: 'ruth' }).getByText('Administrator').waitFor();
  await shoot(page, 'home-empty');
  await accessible(page, 'an empty hub');
  await page.getByRole('link', { name: 'People' }).click();
  await page.locator('.rows li', { hasText: 'ruth' }).getByText('Administrator').waitFor();
  await page.reload();
  await page.locator('.rows li', { hasText: 'ruth' }).waitFor();
  isClean(page);
  await page.context().close();
});

test('a second use of the link makes nobody, says so, and offers to sign in', async () => {
  const page = await pageOf(browser);
  await page.goto(printed);
  await welcome(page).waitFor();
  await page.getByLabel('User name').fill('mallory');
  await page.getByRole('textbox', { name: 'Password' }).fill('strawberry fields');
  await page.getByRole('button', { name: 'Create administrator' }).click();
  await page.getByText('This link has been used').first().waitFor();
  await signInByPassword(page, 'ruth', 'strawberry fields');
  await page.getByRole('link', { name: 'People' }).click();
  await page.locator('.rows li', { hasText: 'ruth' }).waitFor();
  assert.equal(await page.locator('.rows li', { hasText: 'mallory' }).count(), 0);
  isClean(page);
  await page.context().close();
});

test('from then on login-link --dashboard signs the first admin in', async () => {
  const page = await pageOf(browser);
  await page.goto(await hub.ctl('login-link', '--dashboard'));
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await page.locator('.who', { hasText: 'ruth' }).getByText('Administrator').waitFor();
  isClean(page);
  await page.context().close();
});
