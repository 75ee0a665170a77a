// Sends every example of the served OpenAPI document: node openapi_examples.mjs URL USER_TOKEN DEVICE_TOKEN LOGIN_LINK_TOKEN
// OTHER_LINK_TOKEN OPERATOR_LINK_TOKEN
// As the user, or as the device when the user may not; requests for one-time tokens with those. Each answer must have a
// status, a content type and a body that the document describes. Exit code 1, with the faults, if one has not.

import { judgeOf, operationsOf, resolved } from './openapi.mjs';

const [url, userToken, deviceToken, loginLinkToken, otherLinkToken, operatorLinkToken] = process.argv.slice(2);
const document = await (await fetch(`${url}/openapi.json`)).json();
const judge = judgeOf(document);
const complaints = [];
const worked = new Set();

// The backup in the examples: its id in this hub, and its file.
const backupOfExamples = '0b8f7a3e-5c1d-5b0e-8a61-000000000001';
let backup;
let backupFile;

// A form and a file are sent unchanged, all else as JSON.
async function send(path, method, token, body) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const sent = body === undefined || body instanceof URLSearchParams || body instanceof Blob ? body : JSON.stringify(body).replaceAll(backupOfExamples, backup);
  const answer = await fetch(url + path, { method: method.toUpperCase(), headers, body: sent, redirect: 'manual' });
  return { status: answer.status, type: (answer.headers.get('content-type') ?? '').split(';')[0], text: await answer.text() };
}

// Returns the faults of an answer.
function fault({ operation, at }, { status, type, text }) {
  const described = operation.responses[status];
  if (!described) return 'the status is not in the document';
  const content = resolved(document, described).content ?? {};
  if (!(type in content)) return `the content type ${type} is not in the document`;
  if (type !== 'application/json') return '';
  const base = described.$ref ? described.$ref.slice(2).split('/') : [...at, 'responses', String(status)];
  return judge([...base, 'content', type, 'schema'], JSON.parse(text));
}

// The address with its parameters, filled with their examples.
function address({ path, operation }) {
  const query = new URLSearchParams();
  for (const given of operation.parameters ?? []) {
    const { in: place, name, example } = resolved(document, given);
    const value = { [backupOfExamples]: backup, [assetOfExamples]: asset }[example] ?? example;
    if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    if (place === 'query' && example !== undefined) query.set(name, example);
  }
  return path + (query.size ? `?${query}` : '');
}

async function attempt(one, name, body) {
  const path = address(one);
  const openDoor = one.operation.security?.length === 0;
  const special = specialTokens[one.operation.operationId];
  for (const token of openDoor ? [''] : special ?? [userToken, deviceToken]) {
    const answer = await send(path, one.method, token, body);
    const wrong = fault(one, answer);
    if (wrong) complaints.push(`${one.method} ${path} (${name}): ${answer.status} ${wrong}: ${answer.text.slice(0, 300)}`);
    if (answer.status < 300) worked.add(one.operation.operationId);
    console.log(`${answer.status} ${one.method} ${path} (${name})${answer.status === 403 ? `: ${answer.text.slice(0, 200)}` : ''}`);
    if (answer.status !== 403 && answer.status !== 404) return;
  }
}

// Examples that change or delete objects of other examples come last.
function order({ path, method, operation }) {
  // alice, who signs in with its password and is the admin then; and gerda, whom the others change.
  if (operation.operationId === 'users_create_first_admin') return -2;
  if (operation.operationId === 'users_create') return -1;
  if (/delete/.test(`${method} ${path}`)) return 3;
  if (/revoke/.test(path)) return 2;
  if (/update|patch/.test(`${method} ${path}`)) return 1;
  return /skills(\/register)?$/.test(path) && method !== 'get' ? 1 : 0;
}

// A file of the dashboard: its name in the document, and its real name.
const assetOfExamples = 'index-4f3c2b1a.js';
const asset = (await (await fetch(url)).text()).match(/\/assets\/([^"]+\.js)"/)?.[1];

async function makeBackup() {
  const headers = { authorization: `Bearer ${userToken}` };
  if (backup && (await fetch(`${url}/api/v1/backups/${backup}`, { headers })).ok) return;
  const made = await send('/api/v1/backups', 'post', userToken, { name: 'Example' });
  if (made.status !== 201) return complaints.push(`backups: ${made.status} ${made.text}`);
  backup = JSON.parse(made.text).backup.id;
  backupFile = await (await fetch(`${url}/api/v1/backups/${backup}/download`, { headers })).blob();
}

// The session, the device and the backup in the examples.
async function prepare() {
  const message = { id: 'm-9', role: 'user', content: 'Hello.', created_at: '2026-01-31T10:00:00.000Z' };
  const session = { id: '5f7c0c7e-9d1c-4a61-8f2e-0c2f3f4c9b10', title: 'Music', created_at: '2026-01-31T10:00:00.000Z', messages: [message] };
  const device = { device_id: '3f0c6a52-1b7e-4f0e-9b61-7f5a0c1d2e3f', name: 'Living Room Speaker' };
  for (const [path, body] of [['sessions/sync', { sessions: [session] }], ['devices/register', device]]) {
    const made = await send(`/api/v1/${path}`, 'post', userToken, body);
    if (made.status !== 200) complaints.push(`${path}: ${made.status} ${made.text}`);
  }
  await makeBackup();
}
await prepare();

// Each for another program, so that none uses up another's codes.
async function programTokens() {
  return JSON.parse((await send('/api/v1/devices/allow_program', 'post', userToken, { name: 'Example' })).text);
}
const specialTokens = {
  devices_sign_in: [loginLinkToken],
  users_create_first_admin: [operatorLinkToken],
  devices_renew_program: [(await programTokens()).renewal_token],
  devices_end_program: [(await programTokens()).access_token],
};

const specialBodies = { post_api_v1_users_link: { token: otherLinkToken } };

const all = [...operationsOf(document)].sort((a, b) => order(a) - order(b));
for (const one of all) {
  if (order(one) > 1) await prepare();
  const [type, content] = Object.entries(one.operation.requestBody?.content ?? {})[0] ?? [];
  const examples = content?.example === undefined ? content?.examples ?? {} : { example: { value: content.example } };
  for (const [name, example] of Object.entries(examples)) {
    const { value } = resolved(document, example);
    const { [one.operation.operationId]: instead = value } = specialBodies;
    await attempt(one, name, type === 'application/x-www-form-urlencoded' ? new URLSearchParams(value) : instead);
  }
  if (type === 'application/gzip') await attempt(one, 'file', backupFile);
  if (!one.operation.requestBody?.required) await attempt(one, 'no body');
}

// Need not succeed: there is no chat to cancel and no question to answer; WebSockets need an upgrade; and OAuth needs a
// login link, a ticket or a code, each of which works once.
const inVain = [
  'chat_cancel', 'chat_confirm', 'get_api_v1_ws', 'get_mqtt', 'get_ws_device',
  'get_oauth_authorize', 'post_oauth_authorize', 'post_oauth_login', 'post_oauth_token',
];
for (const { operation } of all) {
  const { operationId } = operation;
  if (!worked.has(operationId) && !inVain.includes(operationId)) complaints.push(`${operationId} has no example that works`);
}
console.log(complaints.join('\n'));
process.exit(complaints.length ? 1 : 0);
