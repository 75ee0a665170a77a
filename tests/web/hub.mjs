// A real hub for the dashboard's tests: broker, bridge and web door as `strawberryctl run` starts them, a model that
// says what a test wants, devices, and a browser.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');
const modules = createRequire(path.join(root, 'tests/node/package.json'));
const mqtt = modules('mqtt');
const { chromium } = modules('playwright-core');
export const axeSource = readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');

const start_timeout_ms = 60_000;
const bin = process.env.STRAWBERRY_BIN;
export const shots = process.env.STRAWBERRY_SHOTS;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/// Until `look` says something that counts as true.
export async function until(look, what, timeout_ms = 15_000) {
  const end = Date.now() + timeout_ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not in ${timeout_ms} ms: ${what}`);
    await pause(50);
  }
}

function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/// A server of OpenAI's protocol. `answers`: a text, or {tool, args}, in turn.
class Model {
  answers = [];
  requests = [];

  async start() {
    this.server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => (body += piece));
      request.on('end', () => this.answer(JSON.parse(body || '{}'), response));
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}/v1`;
  }

  async answer(body, response) {
    this.requests.push(body);
    const next = this.answers.shift() ?? 'I have nothing to say.';
    const chunk = (delta, finish_reason = null) =>
      response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'stub-1', choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
    if (!body.stream) {
      response.writeHead(200, { 'content-type': 'application/json' });
      const message = typeof next === 'string' ? { role: 'assistant', content: next } : { role: 'assistant', content: null, tool_calls: [this.call(next, body)] };
      response.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'stub-1', choices: [{ index: 0, message, finish_reason: typeof next === 'string' ? 'stop' : 'tool_calls' }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (typeof next === 'string') {
      for (const piece of next.match(/[\s\S]{1,12}/gu) ?? []) {
        chunk({ content: piece });
        await pause(5);
      }
      chunk({}, 'stop');
    } else if (next.slow) {
      for (let i = 0; i < 600 && !response.destroyed; i += 1) {
        chunk({ content: 'word ' });
        await pause(50);
      }
    } else {
      chunk({ tool_calls: [{ index: 0, ...this.call(next, body) }] });
      chunk({}, 'tool_calls');
    }
    response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'stub-1', choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })}\n\n`);
    response.end('data: [DONE]\n\n');
  }

  call({ tool, args }, body) {
    const name = (body.tools ?? []).map((one) => one.function.name).find((one) => one.includes(tool)) ?? tool;
    return { id: `call_${this.requests.length}`, type: 'function', function: { name, arguments: JSON.stringify(args ?? {}) } };
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export class Hub {
  model = new Model();
  clients = [];
  directory = mkdtempSync(path.join(os.tmpdir(), 'strawberry-web-'));
  data = path.join(this.directory, 'data');

  async start() {
    await this.model.start();
    this.port = await freePort();
    this.httpPort = await freePort();
    this.run();
    await until(() => this.output.includes('Ctrl-C stops everything'), `the hub is up:\n${this.output}`, start_timeout_ms);
    this.url = readFileSync(path.join(this.data, 'http-endpoint'), 'utf8').trim();
    this.brokerPort = Number(/ready on 127\.0\.0\.1:(\d+)/.exec(this.output)[1]);
    this.admin = await this.connect('admin', readFileSync(path.join(this.data, 'admin.token'), 'utf8').trim());
    return this;
  }

  run() {
    this.output = '';
    const environment = { ...process.env, OPENAI_API_KEY: 'stub', OPENAI_BASE_URL: this.model.url, DEFAULT_MODEL: 'stub-1' };
    this.process = spawn(path.join(bin, 'strawberryctl'), ['run', '--data-dir', this.data, '--port', String(this.port), '--http-port', String(this.httpPort)], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (piece) => (this.output += piece));
  }

  async stop() {
    for (const client of this.clients) client.end(true);
    const ended = new Promise((done) => this.process.once('exit', done));
    this.process.kill('SIGTERM');
    await Promise.race([ended, pause(10_000)]);
    this.model.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /// Of the supervisor's children: broker, bridge or gateway.
  kill(name) {
    process.kill(Number(readFileSync(path.join(this.data, `${name}.pid`), 'utf8')), 'SIGKILL');
  }

  async ctl(...words) {
    const { stdout } = await promisify(execFile)(path.join(bin, 'strawberryctl'), ['--data-dir', this.data, ...words]);
    return stdout.trim();
  }

  /// A user's token, issued offline.
  async token(user, name = `test ${Math.random()}`, ttl = '1h') {
    return (await this.ctl('token', 'issue', '--user', user, '--name', name, '--ttl', ttl)).split('\n')[0];
  }

  async connect(id, token, clientId = `quiet-test-${Math.random().toString(36).slice(2, 10)}`) {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${this.brokerPort}`, { protocolVersion: 5, clientId, username: id, password: token, reconnectPeriod: 500 });
    this.clients.push(client);
    client.waiting = new Map();
    client.me = id;
    client.on('message', (topic, payload) => {
      if (!topic.includes('/response')) return;
      const answer = JSON.parse(payload);
      client.waiting.get(answer.correlation_id)?.(answer);
    });
    await client.subscribeAsync(['skills', 'devices', 'users'].map((one) => `${one}/${id}/response`)).catch(() => {});
    return client;
  }

  async ask(client, service, body) {
    const correlation_id = Math.random().toString(36).slice(2);
    const answer = await new Promise((done, fail) => {
      client.waiting.set(correlation_id, done);
      setTimeout(() => fail(new Error(`no answer to ${JSON.stringify(body)}`)), 15_000);
      client.publish(`${service}/${client.me}/request`, JSON.stringify({ ...body, correlation_id }), { qos: 1 });
    });
    if (!answer.success) throw new Error(JSON.stringify(answer.error));
    return answer.result;
  }

  user(user_id, role = 'member', more = {}) {
    return this.ask(this.admin, 'users', { op: 'create', user_id, role, ...more });
  }

  /// A device that answers each call with what `answer` says.
  async device(name, user, skills, answer = () => 'done') {
    const made = await this.ask(this.admin, 'devices', { op: 'register', name, user_id: user });
    const client = await this.connect(made.device_id, made.access_token, made.device_id);
    client.calls = [];
    client.on('message', (topic, payload) => {
      if (!topic.endsWith('/call')) return;
      const call = JSON.parse(payload);
      client.calls.push(call);
      client.publish(call.response_topic, JSON.stringify({ correlation_id: call.correlation_id, success: true, result: answer(call), error: null }), { qos: 1 });
    });
    await client.subscribeAsync(`skills/${made.device_id}/call`, { qos: 1 });
    if (skills.length) await this.ask(client, 'skills', { op: 'register', skills });
    return Object.assign(client, { device_id: made.device_id, token: made.access_token });
  }
}

/// `play(name: str, volume: int = 50) -> str` of MusicSkill, and so on.
export const skill = (class_name, signature, docstring = '', more = {}) => ({
  class_name, function_name: signature.slice(0, signature.indexOf('(')), signature, docstring, ...more,
});

export function launch() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export const desktop = { viewport: { width: 1280, height: 800 }, locale: 'en-US' };
export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'en-US' };

/// A page that remembers what it complained of: nothing may ever run, or be asked of another host.
export async function pageOf(browser, options = desktop) {
  const context = await browser.newContext({ ...options, permissions: [] });
  const page = await context.newPage();
  page.setDefaultTimeout(12_000);
  page.complaints = [];
  page.foreign = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content.Security|Trusted ?Type|violates/i.test(message.text())) page.complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== '127.0.0.1' && !['data:', 'blob:'].includes(protocol)) page.foreign.push(request.url());
  });
  page.on('dialog', (dialog) => {
    page.complaints.push(`a script spoke: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}

export async function signIn(page, hub, token) {
  await page.goto(`${hub.url}/`);
  await page.getByRole('tab', { name: 'Token' }).click();
  await page.getByLabel('Token', { exact: true }).last().fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.shell').waitFor();
  await page.getByText('Connecting to the hub').waitFor({ state: 'hidden' });
}

export async function shoot(page, name) {
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

export function save(name, text) {
  if (shots) writeFileSync(path.join(shots, name), text);
}
