// What goes wrong outside of the dashboard, in a real Chromium: clocks that are wrong, a hub that is down, sign-ins by the
// hundred, and what people call themselves and their devices.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, desktop, isClean, launch, pageOf, phone, settled, shoot, sideways, signIn, signInByPassword } from './browser.mjs';
import { Hub, skill } from './hub.mjs';
import { until } from './wait.mjs';

const day_ms = 86_400_000;
const rtl = '\u202Egpj.exe\u202C';
const nasty = `<b onmouseover=alert(1)>${rtl}<script>alert(2)</script>`;
let hub, browser;

before(async () => {
  hub = await new Hub().start();
  browser = await launch();
  await hub.user('alice', 'member', { name: 'Alice', password: 'strawberry fields' });
  await hub.user('root', 'admin', { name: 'Ruth', password: 'strawberry fields' });
  await hub.device('Living Room Speaker', 'alice', [skill('MusicSkill', 'play(name: str) -> str', 'Plays a song.')], () => 'Playing');
});

after(async () => {
  await browser?.close();
  await hub?.stop();
});

/// A page on a computer whose clock is `ahead` of the right time. Timers run as they do.
async function pageAt(ahead, options = desktop) {
  const page = await pageOf(browser, options);
  await page.context().addInitScript((shift) => {
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) {
        if (given.length) super(...given);
        else super(Real.now() + shift);
      }
      static now() {
        return Real.now() + shift;
      }
    };
  }, ahead);
  return page;
}

async function signedIn(user, page) {
  await signIn(page, hub, await hub.token(user));
  return page;
}

for (const [words, ahead, banner] of [
  ['a day ahead', day_ms, /clock is (1 d|23 h).* ahead/],
  ['a day behind', -day_ms, /clock is (1 d|23 h|24 h).* behind/],
  ['a year ahead', 365 * day_ms, /clock is 36\d d ahead/],
  ['a year behind', -365 * day_ms, /clock is 36\d d behind/],
]) {
  test(`on a computer whose clock is ${words}, people sign in, times are the hub’s, and the page says so`, async () => {
    const page = await pageAt(ahead);
    await page.goto(hub.url);
    await signInByPassword(page, 'alice', 'strawberry fields');
    await page.locator('.banner', { hasText: banner }).waitFor();
    await page.locator('.device-card', { hasText: 'Living Room Speaker' }).click();
    // It came online when this test began: by the computer's clock a day or a year away.
    await page.locator('.facts time', { hasText: /now|second|minute/ }).first().waitFor();
    await page.getByLabel('name', { exact: true }).fill('Help');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.locator('.outcome pre', { hasText: 'Playing' }).waitFor();
    await page.getByRole('link', { name: 'Tokens' }).click();
    const own = page.locator('.rows li', { hasText: 'this browser' });
    await own.getByText(/used (now|just now|this minute|\d+ (second|minute)s? ago)|not used yet/).waitFor();
    // The page renews by the hub's clock: a week is not nearly over.
    assert.equal(await page.locator('.rows li', { hasText: 'this browser' }).count(), 1);
    if (words === 'a year ahead') await shoot(page, 'clock-ahead');
    await accessible(page, words);
    await page.reload();
    await page.locator('.rows li', { hasText: 'this browser' }).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0, 'still signed in');
    isClean(page);
    await page.context().close();
  });
}

test('a token that has ended is refused by the hub, whatever the computer’s clock says', async () => {
  const page = await pageAt(-365 * day_ms);
  await signIn(page, hub, await hub.token('alice', 'short', '30s'));
  await page.locator('.banner', { hasText: 'behind' }).waitFor();
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor({ timeout: 90_000 });
  await page.reload();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await page.context().close();
});

test('a user name in other letters is nobody’s: it signs in nobody, and no new person gets it', async () => {
  const page = await pageOf(browser);
  await page.goto(hub.url);
  await signInByPassword(page, 'ALICE', 'strawberry fields');
  await page.locator('.field .problem', { hasText: 'User name or password is wrong' }).waitFor();
  await page.context().close();
  const admin = await signedIn('root', await pageOf(browser));
  await admin.getByRole('link', { name: 'People' }).click();
  await admin.getByRole('button', { name: 'Add person' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByLabel('User name').fill('Alice');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.locator('.field .problem', { hasText: 'There is such a user' }).waitFor();
  await shoot(admin, 'people-problem');
  await accessible(admin, 'a name that is taken');
  await admin.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(await admin.locator('.rows li', { hasText: 'Alice' }).count(), 1);
  isClean(admin);
  await admin.context().close();
});

test('people and devices with markup, marks of direction and very long names are text, and break no page', async () => {
  await hub.user('mallory', 'member', { name: nasty, password: 'strawberry fields' });
  const long = 'Ü'.repeat(63);
  await hub.device(long, 'mallory', [skill('LongSkill', `say(text: str = '${'y'.repeat(1500)}') -> str`, `${nasty} ${'word '.repeat(2000)}`)], () => `${rtl}${'z'.repeat(10_000)}`);
  await hub.device(nasty, 'mallory', []);
  for (const [kind, options] of [['desktop', desktop], ['phone', phone]]) {
    const page = await signedIn('mallory', await pageOf(browser, options));
    await page.locator('.device-card', { hasText: 'onmouseover' }).waitFor();
    assert.equal(await sideways(page), 0, `Home, ${kind}`);
    assert.equal(await page.locator('.side').evaluate((side) => side.scrollWidth - side.clientWidth), 0, `the side, ${kind}`);
    await shoot(page, `names-${kind}`);
    await page.locator('.device-card', { hasText: long }).click();
    await page.getByRole('button', { name: 'Run' }).click();
    await page.locator('.outcome pre', { hasText: 'zzzz' }).waitFor();
    assert.equal(await sideways(page), 0, `a device, ${kind}`);
    await accessible(page, `long names, ${kind}`);
    isClean(page);
    await page.context().close();
  }
  const admin = await signedIn('root', await pageOf(browser, phone));
  await admin.goto(`${hub.url}/app/people`);
  await admin.locator('.rows li', { hasText: 'onmouseover' }).waitFor();
  assert.equal(await sideways(admin), 0, 'People');
  await accessible(admin, 'people with such names');
  isClean(admin);
  await admin.context().close();
});

test('a device’s name of 10 000 characters is refused in words, and stays in its field', async () => {
  const page = await signedIn('alice', await pageOf(browser));
  await page.getByRole('button', { name: 'Add device' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').focus();
  await page.keyboard.insertText('n'.repeat(10_000));
  assert.equal((await dialog.getByLabel('Name').inputValue()).length, 128, 'what no name has is not taken');
  await dialog.getByLabel('Name').fill('ü'.repeat(128));
  await dialog.getByRole('button', { name: 'Add' }).click();
  await dialog.locator('.notice.bad', { hasText: 'change what you entered' }).waitFor();
  assert.equal((await dialog.getByLabel('Name').inputValue()).length, 128);
  await shoot(page, 'device-problem');
  assert.equal(await sideways(page), 0);
  isClean(page);
  await page.context().close();
});

test('the broker is down when the page is loaded: it says so, says what to do, and comes by itself', async () => {
  const page = await signedIn('alice', await pageOf(browser));
  await page.getByText('Living Room Speaker').waitFor();
  const other = await pageOf(browser);
  await hub.without('broker', async () => {
    await page.goto(`${hub.url}/app/tokens`);
    await page.locator('.banner', { hasText: 'Connecting to the hub' }).waitFor();
    await page.locator('.banner', { hasText: 'strawberryctl doctor' }).waitFor();
    await shoot(page, 'hub-down');
    await accessible(page, 'the broker is down');
    await other.goto(hub.url);
    await signInByPassword(other, 'alice', 'strawberry fields');
    await other.locator('.field .problem', { hasText: 'The hub does not answer. Check that it runs' }).waitFor({ timeout: 90_000 });
  });
  await page.locator('.rows li', { hasText: 'this browser' }).waitFor({ timeout: 90_000 });
  await settled(page);
  await until(async () => {
    await other.getByRole('button', { name: 'Sign in' }).click();
    return other.getByRole('heading', { name: 'Home' }).waitFor({ timeout: 10_000 }).then(() => true, () => false);
  }, 'the same form signs in');
  isClean(page);
  await page.context().close();
  await other.context().close();
});

test('the bridge is down when the page is loaded: it says so, and what was asked comes when it is back', async () => {
  const page = await signedIn('alice', await pageOf(browser));
  await page.getByText('Living Room Speaker').waitFor();
  await hub.without('bridge', async () => {
    await page.locator('.banner', { hasText: 'The hub is starting or has stopped' }).waitFor();
    await page.goto(`${hub.url}/app/tokens`);
    await page.locator('.banner', { hasText: 'The hub is starting or has stopped' }).waitFor();
    await page.locator('.banner', { hasText: 'strawberryctl doctor' }).waitFor();
    await shoot(page, 'bridge-down');
    await accessible(page, 'the bridge is down');
  });
  await page.locator('.banner').waitFor({ state: 'hidden', timeout: 90_000 });
  await page.locator('.rows li', { hasText: 'this browser' }).waitFor({ timeout: 90_000 });
  await page.getByRole('link', { name: 'Home' }).click();
  await page.locator('.device-card', { hasText: 'Living Room Speaker' }).getByText('Online').waitFor();
  isClean(page);
  await page.context().close();
});

test('the web door goes while the page is open: every page is still there, and it comes back by itself', async () => {
  const page = await signedIn('alice', await pageOf(browser));
  await page.getByRole('link', { name: 'Chat' }).click();
  await page.getByLabel('Message', { exact: true }).fill('half a sentence');
  // The other pages' code is loaded while there is nothing else to do.
  await until(() => page.evaluate(() => performance.getEntriesByType('resource').filter((one) => /\/(people|tokens|limits|admin|activity|device)-/.test(one.name)).length >= 6), 'the other pages are loaded');
  await hub.without('gateway', async () => {
    await page.locator('.banner', { hasText: 'The connection to the hub was lost' }).waitFor();
    await page.getByRole('link', { name: 'Limits' }).click();
    await page.getByRole('heading', { name: 'Limits' }).waitFor();
    await page.getByRole('link', { name: 'Chat' }).click();
    assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'half a sentence');
  });
  await page.locator('.banner').waitFor({ state: 'hidden', timeout: 90_000 });
  await page.getByRole('link', { name: 'Limits' }).click();
  await page.getByText('Storage').first().waitFor();
  isClean(page);
  await page.context().close();
});

test('who tries too many passwords is told how long to wait, and others still sign in', async () => {
  const page = await pageOf(browser);
  await page.goto(hub.url);
  await until(async () => {
    await signInByPassword(page, 'alice', `wrong ${Math.random()}`);
    await page.locator('.field .problem').waitFor();
    await page.getByRole('button', { name: 'Sign in' }).isEnabled();
    return page.locator('.field .problem', { hasText: /Too many attempts to sign in\. Wait \d+(\.\d+)? s/ }).count();
  }, 'the attempts are limited', 120_000);
  await shoot(page, 'too-many-sign-ins');
  await accessible(page, 'too many attempts');
  // Its own mistakes do not keep the person out who has a link, nor anybody else.
  await page.getByRole('tab', { name: 'Login link' }).click();
  await page.locator('textarea').fill(await hub.ctl('login-link', '--dashboard', '--user', 'alice'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  const other = await pageOf(browser);
  await other.goto(hub.url);
  await signInByPassword(other, 'root', 'strawberry fields');
  await other.getByRole('heading', { name: 'Home' }).waitFor();
  isClean(page);
  await page.context().close();
  await other.context().close();
});
