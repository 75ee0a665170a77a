// A real hub for the dashboard's tests: broker, bridge and web door as `strawberryctl run` starts them, and devices.

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { Model } from './model.mjs';
import { until, wait_timeout_ms, within } from './wait.mjs';

const modules = createRequire(path.resolve(import.meta.dirname, '../node/package.json'));
const mqtt = modules('mqtt');

const start_timeout_ms = 120_000;
const bin = process.env.STRAWBERRY_BIN;

function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

export class Hub {
  model = new Model();
  clients = [];
  directory = mkdtempSync(path.join(os.tmpdir(), 'strawberry-web-'));
  data = path.join(this.directory, 'data');

  /// `terminal`: it writes to one, where it prints a link to sign in. `flags`: more for `strawberryctl run`.
  constructor({ terminal = false, flags = [] } = {}) {
    this.terminal = terminal;
    this.flags = flags;
  }

  async start() {
    await this.model.start();
    this.port = await freePort();
    this.httpPort = await freePort();
    this.run();
    await until(() => this.output.includes('Ctrl-C stops everything') || this.ended, () => `the hub is up:\n${this.output}`, start_timeout_ms);
    if (this.ended) throw new Error(`the hub ended:\n${this.output}`);
    this.url = readFileSync(path.join(this.data, 'http-endpoint'), 'utf8').trim();
    this.brokerPort = Number(/ready on 127\.0\.0\.1:(\d+)/.exec(this.output)[1]);
    this.admin = await this.connect('admin', readFileSync(path.join(this.data, 'admin.token'), 'utf8').trim());
    return this;
  }

  run() {
    this.output = '';
    const environment = { ...process.env, OPENAI_API_KEY: 'stub', OPENAI_BASE_URL: this.model.url, DEFAULT_MODEL: 'stub-1' };
    const words = [path.join(bin, 'strawberryctl'), 'run', '--data-dir', this.data, '--port', String(this.port), '--http-port', String(this.httpPort), ...this.flags];
    const [program, ...rest] = this.terminal ? ['script', '-qfc', `echo supervisor $$; exec ${words.map(quoted).join(' ')}`, '/dev/null'] : words;
    this.process = spawn(program, rest, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = false;
    this.process.once('exit', () => (this.ended = true));
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (piece) => (this.output += piece));
  }

  /// The pid of `strawberryctl run`.
  get supervisor() {
    return this.terminal ? Number(/supervisor (\d+)/.exec(this.output)?.[1]) : this.process.pid;
  }

  async stop() {
    for (const client of this.clients) client.end(true);
    if (this.process && !this.ended) {
      const ended = new Promise((done) => this.process.once('exit', done));
      this.release();
      process.kill(this.supervisor, 'SIGTERM');
      await within(ended, 'the hub ends').catch(() => {
        for (const name of ['gateway', 'bridge', 'broker']) this.kill(name);
        process.kill(this.supervisor, 'SIGKILL');
      });
    }
    this.model.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /// Of the supervisor's children: broker, bridge or gateway.
  kill(name) {
    const file = path.join(this.data, `${name}.pid`);
    if (existsSync(file)) process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
  }

  /// `work` without broker, bridge or gateway: it is killed, and the supervisor that would start it again is stopped
  /// meanwhile.
  async without(name, work) {
    process.kill(this.supervisor, 'SIGSTOP');
    try {
      this.kill(name);
      await work();
    } finally {
      this.release();
    }
  }

  release() {
    process.kill(this.supervisor, 'SIGCONT');
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
    client.on('error', () => {}); // it connects again by itself
    this.clients.push(client);
    client.waiting = new Map();
    client.me = id;
    client.on('message', (topic, payload) => {
      if (!topic.includes('/response')) return;
      const answer = JSON.parse(payload);
      client.waiting.get(answer.correlation_id)?.(answer);
      client.waiting.delete(answer.correlation_id);
    });
    await client.subscribeAsync(['skills', 'devices', 'users'].map((one) => `${one}/${id}/response`)).catch(() => {});
    return client;
  }

  async ask(client, service, body) {
    const correlation_id = Math.random().toString(36).slice(2);
    const answered = new Promise((done) => client.waiting.set(correlation_id, done));
    client.publish(`${service}/${client.me}/request`, JSON.stringify({ ...body, correlation_id, timeout_ms: wait_timeout_ms }), { qos: 1 });
    const answer = await within(answered, `an answer to ${JSON.stringify(body).slice(0, 200)}`);
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
