// The pages by which a program is allowed to use /mcp (docs/oauth.md), in a real Chromium: the browser's own rules about
// cookies, forms and redirects are part of what is tested.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { accessible, dark, desktop, isClean, launch, pageOf, phone, shoot, sideways } from './browser.mjs';
import { Hub } from './hub.mjs';
import { until } from './wait.mjs';

const nasty = '<img src=x onerror=alert(1)>';
let hub, browser, program;

/// The program: a page of another origin that the browser is sent back to.
class Program {
  async start(name) {
    this.seen = [];
    this.server = http.createServer((request, response) => {
      const url = new URL(request.url, 'http://127.0.0.1');
      if (url.pathname === '/back') this.seen.push(url.searchParams);
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>Program</title><h1>Back in the program</h1>');
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.redirect = `http://127.0.0.1:${this.server.address().port}/back`;
    this.client = await this.register(name);
    return this;
  }

  async register(name) {
    const answer = await fetch(`${hub.url}/oauth/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ client_name: name, redirect_uris: [this.redirect] }) });
    assert.equal(answer.status, 201);
    return (await answer.json()).client_id;
  }

  address(more = {}) {
    this.verifier = randomBytes(32).toString('base64url');
    const query = { response_type: 'code', client_id: this.client, redirect_uri: this.redirect, code_challenge: createHash('sha256').update(this.verifier).digest('base64url'), code_challenge_method: 'S256', state: 'my state', resource: `${hub.url}/mcp`, ...more };
    return `${hub.url}/oauth/authorize?${new URLSearchParams(query)}`;
  }

  async token(code) {
    const form = { grant_type: 'authorization_code', code, redirect_uri: this.redirect, client_id: this.client, code_verifier: this.verifier };
    const answer = await fetch(`${hub.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
    return answer.json();
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

before(async () => {
  hub = await new Hub().start();
  browser = await launch();
  await hub.user('alice', 'member', { name: 'Alice', password: 'strawberry fields' });
  await hub.user('gerda', 'guest', { guest_of: 'alice', password: 'strawberry fields' });
  program = await new Program().start('Kitchen Assistant');
});

after(async () => {
  program?.stop();
  await browser?.close();
  await hub?.stop();
});

async function signIn(page, user, password) {
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const back = (page) => page.getByRole('heading', { name: 'Back in the program' });

test('a person signs in by password, allows, and the program gets a token that serves /mcp', async () => {
  const page = await pageOf(browser);
  await page.goto(program.address());
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await shoot(page, 'oauth-sign-in');
  await accessible(page, 'sign in');
  await signIn(page, 'alice', 'wrong password');
  await page.getByRole('alert').getByText('The user or the password is wrong.').waitFor();
  assert.equal(await page.getByLabel('User').inputValue(), 'alice');
  await accessible(page, 'wrong password');
  await signIn(page, 'alice', 'strawberry fields');

  await page.getByRole('heading', { name: 'Allow this program?' }).waitFor();
  await page.getByText('Kitchen Assistant asks to act for the user alice.').waitFor();
  await page.getByText('The answer goes to 127.0.0.1').waitFor();
  await page.getByText('call their skills').waitFor();
  await shoot(page, 'oauth-consent');
  await accessible(page, 'consent');
  program.seen = [];
  await page.getByRole('button', { name: 'Allow' }).click();
  await back(page).waitFor();
  const [answer] = program.seen;
  assert.equal(answer.get('state'), 'my state');
  assert.equal(answer.get('iss'), hub.url);
  const token = await program.token(answer.get('code'));
  assert.ok(token.access_token && token.refresh_token, JSON.stringify(token));
  const ask = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
  const listed = await fetch(`${hub.url}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token.access_token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }, body: JSON.stringify(ask) });
  assert.equal(listed.status, 200);
  assert.match(await hub.ctl('token', 'list', '--user', 'alice'), /Kitchen Assistant/);
  isClean(page);

  // Who is signed in is asked at once the next time, and may deny.
  program.seen = [];
  await page.goto(program.address());
  await page.getByRole('button', { name: 'Deny' }).click();
  await back(page).waitFor();
  assert.equal(program.seen[0].get('error'), 'access_denied');
  assert.equal(program.seen[0].get('code'), null);

  // The browser's way back does not answer a question twice.
  await page.goBack();
  await page.getByRole('heading', { name: 'Allow this program?' }).waitFor();
  program.seen = [];
  await page.getByRole('button', { name: 'Allow' }).click();
  await until(async () => program.seen.length || (await page.getByText('answered before').count()), 'an answer');
  assert.deepEqual(program.seen.map((one) => one.get('error')), program.seen.map(() => null));
  await page.context().close();
});

test('a login link signs in as well, in a form or opened', async () => {
  const page = await pageOf(browser);
  await page.goto(program.address());
  await page.getByLabel('Login link').fill(await hub.ctl('login-link', '--user', 'alice'));
  await page.getByRole('button', { name: 'Sign in by link' }).click();
  await page.getByRole('heading', { name: 'Allow this program?' }).waitFor();
  await page.context().close();

  const other = await pageOf(browser);
  await other.goto(await hub.ctl('login-link', '--user', 'alice'));
  await other.getByText('This link signs you in as alice').waitFor();
  await accessible(other, 'a link is opened');
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.getByRole('heading', { name: 'Signed in' }).waitFor();
  await accessible(other, 'signed in');
  await other.goto(program.address());
  await other.getByRole('heading', { name: 'Allow this program?' }).waitFor();
  isClean(other);
  await other.context().close();
});

test('what is wrong with the request reaches the program also from the page that asks to sign in', async () => {
  const page = await pageOf(browser);
  await page.goto(program.address({ scope: 'everything' }));
  program.seen = [];
  await signIn(page, 'alice', 'strawberry fields');
  await back(page).waitFor();
  assert.equal(program.seen[0].get('error'), 'invalid_scope');
  isClean(page);
  await page.context().close();
});

test('a program’s name with markup is text, on a phone and in the dark; a wrong address is a page and leads nowhere', async () => {
  const other = await new Program().start(nasty + 'x'.repeat(60));
  try {
    const page = await pageOf(browser, { ...phone, ...dark });
    await page.goto(other.address());
    await signIn(page, 'gerda', 'strawberry fields');
    await page.getByText('<img src=x').waitFor();
    assert.equal(await page.locator('img').count(), 0);
    assert.equal(await sideways(page), 0);
    await shoot(page, 'phone-oauth-consent');
    await accessible(page, 'consent, dark');
    const wrong = new URL(other.address());
    wrong.searchParams.set('redirect_uri', 'http://evil.example/');
    await page.goto(String(wrong));
    await page.getByRole('heading', { name: 'This does not work' }).waitFor();
    await accessible(page, 'an error');
    isClean(page);
    await page.context().close();
  } finally {
    other.stop();
  }
});

test('a password of 1 MiB and many wrong ones are told in words', async () => {
  const page = await pageOf(browser, desktop);
  await page.goto(program.address());
  await page.getByLabel('User').fill('alice');
  await page.getByLabel('Password').focus();
  await page.keyboard.insertText('x'.repeat(1024 * 1024));
  assert.equal((await page.getByLabel('Password').inputValue()).length, 1024, 'what no password has is not taken');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('The user or the password is wrong.').waitFor();
  await page.getByLabel('User').fill('Nobody');
  await page.getByLabel('Password').fill('ü'.repeat(1024));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('The password is longer than any that the hub takes.').waitFor();
  await until(async () => {
    await signIn(page, 'nobody', 'wrong password');
    await page.getByRole('alert').waitFor();
    return page.getByText('Too many attempts').count();
  }, 'the attempts are limited', 120_000);
  isClean(page);
  await page.context().close();
});
