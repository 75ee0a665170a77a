// The dashboard in a real Chromium against a real hub: signing in, devices, skills, chat, and what comes and goes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { accessible, desktop, isClean, launch, pageOf, shoot, signIn, signInByPassword } from './browser.mjs';
import { household, password } from './household.mjs';
import { Hub, skill } from './hub.mjs';
import { until, wait_timeout_ms } from './wait.mjs';

let hub, browser, music, door;

before(async () => {
  hub = await new Hub().start();
  browser = await launch();
  ({ music, door } = await household(hub));
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

const nasty = '<img src=x onerror=alert(1)>\u202Egpj.exe<script>alert(2)</script>';

test('files are served by exact name, compressed, with a strict policy, and nothing else', async () => {
  const page = await fetch(hub.url);
  assert.equal(page.status, 200);
  const policy = page.headers.get('content-security-policy');
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"]) assert.ok(policy.includes(part), policy);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())[1];
  const plain = await fetch(hub.url + script, { headers: { 'accept-encoding': 'identity' } });
  const packed = await fetch(hub.url + script, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(packed.headers.get('content-encoding'), 'gzip');
  assert.equal(plain.headers.get('content-encoding'), null);
  assert.equal(await plain.text(), await packed.text());
  assert.match(plain.headers.get('cache-control'), /immutable/);
  const again = await fetch(hub.url + script, { headers: { 'accept-encoding': 'identity', 'if-none-match': plain.headers.get('etag') } });
  assert.equal(again.status, 304);
  for (const path of ['/assets/..%2findex.html', '/assets/nothing.js', '/assets/', '/assets/%2e%2e/%2e%2e/gateway.toml', '/app/a/b/c']) {
    assert.ok([400, 404].includes((await fetch(hub.url + path)).status), path);
  }
  assert.equal((await fetch(`${hub.url}/app/device/anything`)).status, 200);
});

test('a password signs in, a wrong one is told so in words', async () => {
  const page = await pageOf(browser);
  await page.goto(hub.url);
  await page.getByLabel('User name').fill('alice');
  await page.locator('input[type=password]').fill('wrong');
  await shoot(page, 'sign-in');
  await accessible(page, 'sign in');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.field .problem', { hasText: 'User name or password is wrong.' }).waitFor();
  // Chromium itself takes long over a field with so much in it.
  page.setDefaultTimeout(5 * wait_timeout_ms);
  await signInByPassword(page, 'alice', 'x'.repeat(1024 * 1024));
  await page.locator('.field .problem', { hasText: 'at most 1,024 bytes' }).waitFor();
  await signInByPassword(page, 'alice', password);
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await page.getByText('Living Room Speaker').waitFor();
  isClean(page);
  await page.context().close();
});

test('a login link signs in once, and leaves the address at once', async () => {
  const link = (await hub.ctl('login-link', '--user', 'alice')).split('token=')[1];
  const page = await pageOf(browser);
  await page.goto(`${hub.url}/app/login#${link}`);
  await page.getByText('Living Room Speaker').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  const second = await pageOf(browser);
  await second.goto(`${hub.url}/app/login#${link}`);
  await second.getByText('This link has been used').first().waitFor();
  await page.context().close();
  await second.context().close();
});

test('Home shows devices and who is online, live', async () => {
  const page = await signedIn('alice');
  const card = page.locator('.device-card', { hasText: 'Living Room Speaker' });
  await card.getByText('Online').waitFor();
  await shoot(page, 'home');
  await accessible(page, 'home');
  const lamp = await hub.device('Lamp', 'alice', []);
  const lampCard = page.locator('.device-card', { hasText: 'Lamp' });
  await lampCard.getByText('Online').waitFor();
  lamp.end(true);
  await lampCard.getByText('Offline').waitFor();
  isClean(page);
  await page.context().close();
});

test('a device is added, and connects with the token that its QR code shows', async () => {
  const page = await signedIn('alice');
  await page.getByRole('button', { name: 'Add device' }).first().click();
  // The keyboard is where one goes on.
  await page.locator('dialog input:focus').waitFor();
  await page.getByLabel('Name').fill('Garden Lamp');
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
  await page.locator('svg.qr path').waitFor();
  await shoot(page, 'token');
  await accessible(page, 'token');
  const token = (await page.getByRole('dialog').locator('pre').first().textContent()).trim();
  const id = JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub;
  const python = await page.getByRole('dialog').locator('pre').last().textContent();
  assert.ok(python.includes(token) && python.includes(id));
  const mosquitto = await page.getByRole('dialog').locator('pre').filter({ hasText: 'mosquitto_pub' }).textContent();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'strawberry-paste-'));
  try {
    await promisify(execFile)('bash', ['-euc', mosquitto], { cwd: folder, timeout: 15_000 });
  } finally {
    rmSync(folder, { recursive: true });
  }
  await page.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('heading', { name: 'Garden Lamp' }).waitFor();
  await page.getByText('turn_on').first().waitFor();
  const lamp = await hub.connect(id, token, id);
  await page.locator('.facts').getByText('Online').waitFor();
  lamp.end(true);
  isClean(page);
  await page.context().close();
});

test('a skill runs with the arguments of its form, and shows answer and time', async () => {
  const page = await signedIn('alice');
  await page.locator('.device-card', { hasText: 'Living Room Speaker' }).click();
  await page.getByLabel('name', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Run' }).click();
  await page.getByLabel('volume (optional)').fill('loud');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.getByText('Enter a number.').waitFor();
  await page.getByLabel('name', { exact: true }).fill('Yesterday');
  await page.getByLabel('volume (optional)').fill('20');
  await page.getByLabel('mode (optional)').selectOption({ label: 'repeat' });
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('.outcome pre', { hasText: 'Playing Yesterday' }).waitFor();
  assert.match(await page.locator('.outcome figcaption').textContent(), /\d+ ms|s/);
  assert.deepEqual(music.calls.at(-1).kwargs, { name: 'Yesterday', volume: 20, mode: 'repeat' });
  await shoot(page, 'device');
  await accessible(page, 'device');
  isClean(page);
  await page.context().close();
});

test('a chat streams, asks before a skill that wants to be confirmed, and goes on', async () => {
  const page = await signedIn('alice');
  await page.getByRole('link', { name: 'Chat' }).click();
  await page.getByText('What should happen?').waitFor();
  await accessible(page, 'empty chat');
  hub.model.answers = [{ tool: 'unlock', args: { minutes: 2 } }, 'The **door** is open for 2 minutes.\n\n| a | b |\n|---|---|\n| 1 | 2 |'];
  await page.getByLabel('Message', { exact: true }).fill('open the front door');
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: 'May this run?' });
  await question.waitFor();
  await shoot(page, 'confirm');
  await accessible(page, 'question');
  assert.equal(door.calls.length, 0, 'nothing runs before the answer');
  await question.getByRole('button', { name: 'Run it' }).click();
  await page.locator('.markdown strong', { hasText: 'door' }).waitFor();
  assert.equal(door.calls.length, 1);
  await page.locator('.tool', { hasText: 'unlock' }).getByText('done').waitFor();
  await until(() => page.url().includes('/app/chat/'), 'the conversation has an address');
  await shoot(page, 'chat');
  await accessible(page, 'chat');
  await page.reload();
  await page.locator('.markdown strong', { hasText: 'door' }).waitFor();

  hub.model.answers = [{ tool: 'unlock' }, 'Then not.'];
  await page.getByLabel('Message', { exact: true }).fill('and again');
  await page.keyboard.press('Enter');
  await question.getByRole('button', { name: 'Do not run' }).click();
  await page.getByText('Then not.').waitFor();
  assert.equal(door.calls.length, 1);

  hub.model.answers = [{ slow: true }];
  await page.getByLabel('Message', { exact: true }).fill('tell me a long story');
  await page.keyboard.press('Enter');
  await page.getByText('word word').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped.').waitFor();
  isClean(page);
  await page.context().close();
});

test('what a model, a device or a person says is shown and never run', async () => {
  await hub.device(nasty, 'alice', [skill('EvilSkill', 'evil(x: str = "<b>") -> str', `${nasty}\n[x](javascript:alert(3))`)], () => `${nasty} <a href="javascript:alert(4)">x</a>`);
  await hub.device(`Long ${'x'.repeat(120)}`, 'alice', []);
  const page = await signedIn('alice');
  const card = page.locator('.device-card', { hasText: 'onerror' });
  await card.waitFor();
  await card.click();
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('.outcome pre').waitFor();
  await page.getByRole('link', { name: 'Chat' }).click();
  hub.model.answers = [`${nasty}\n\n[click](javascript:alert(5)) ![pic](http://evil.example/x.png) <iframe src="http://evil.example"></iframe>\n\n[fine](https://example.org/) ${'> '.repeat(200)}deep`];
  await page.getByLabel('Message', { exact: true }).fill(`hello ${nasty}`);
  await page.keyboard.press('Enter');
  await page.locator('.markdown a', { hasText: 'fine' }).waitFor();
  const hrefs = await page.locator('main a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  assert.deepEqual(hrefs.filter((href) => /^\s*(javascript|data):/i.test(href)), []);
  assert.equal(await page.locator('main img, main iframe, main script').count(), 0);
  isClean(page);
  await page.context().close();
});

test('a message of 10 000 characters is sent whole, and a draft survives a reload', async () => {
  const page = await signedIn('alice');
  await page.getByRole('link', { name: 'Chat' }).click();
  const long = 'word '.repeat(2000);
  await page.getByLabel('Message', { exact: true }).fill(long);
  await page.reload();
  assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), long);
  hub.model.answers = ['Long.'];
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Long.', { exact: true }).waitFor();
  assert.equal(hub.model.requests.at(-1).messages.at(-1).content.trim(), long.trim());
  await page.context().close();
});

test('a revoked token signs out within seconds; what was typed stays, and signing in again goes on', async () => {
  const token = await hub.token('alice', 'to be revoked');
  const page = await pageOf(browser);
  await signIn(page, hub, token);
  await page.getByRole('link', { name: 'Chat' }).click();
  await page.getByLabel('Message', { exact: true }).fill('half a sentence');
  await hub.ctl('token', 'revoke', '--name', 'to be revoked', '--user', 'alice');
  const dialog = page.getByRole('dialog', { name: 'You have been signed out' });
  await dialog.waitFor();
  await accessible(page, 'signed out');
  await signInByPassword(dialog, 'alice', password);
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'half a sentence');
  isClean(page);
  await page.context().close();
});

test('a token that ends while typing asks to sign in again', async () => {
  const page = await pageOf(browser);
  // Long enough for a slow machine to sign in with it.
  await signIn(page, hub, await hub.token('alice', 'short', '30s'));
  await page.getByRole('link', { name: 'Chat' }).click();
  await page.getByLabel('Message', { exact: true }).pressSequentially('I am typing', { delay: 20 });
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor({ timeout: 90_000 });
  assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'I am typing');
  await page.context().close();
});

test('two tabs share a session, answer each for themselves, and sign out together', async () => {
  const one = await signedIn('alice');
  const two = await one.context().newPage();
  await two.goto(hub.url);
  await two.getByText('Living Room Speaker').waitFor();
  await one.getByRole('button', { name: 'Sign out' }).click();
  await one.getByRole('button', { name: 'Sign in' }).waitFor();
  await two.getByText('You signed out in another tab').waitFor();
  await one.context().close();
});

test('the broker restarts: the dashboard says so, comes back, and what was asked meanwhile is answered', async () => {
  const page = await signedIn('alice');
  await page.locator('.device-card', { hasText: 'Living Room Speaker' }).click();
  await page.getByLabel('name', { exact: true }).fill('Help');
  const deviceIsBack = new Promise((done) => music.once('connect', done));
  await hub.without('broker', async () => {
    await page.getByText('The connection to the hub was lost').waitFor();
    await shoot(page, 'connection-lost');
  });
  await page.getByText('The connection to the hub was lost').waitFor({ state: 'hidden', timeout: 90_000 });
  await page.locator('.facts').getByText('Online').waitFor({ timeout: 90_000 });
  // Until the device is back, too, a call reaches nobody and ends at its deadline.
  await deviceIsBack;
  await music.subscribeAsync(`skills/${music.device_id}/call`, { qos: 1 });
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('.outcome pre', { hasText: 'Playing Help' }).waitFor({ timeout: 90_000 });
  isClean(page);
  await page.context().close();
});
