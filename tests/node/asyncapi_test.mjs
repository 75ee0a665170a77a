// schemas/asyncapi.yaml against its parser, its schemas and examples, the text of the contract, and the code: the first
// argument is a program that prints the bridge's topics and messages (wire_facts.cpp).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import Ajv from 'ajv';
import { payloadOf, readAsyncApi, root } from './asyncapi.mjs';
import { exampleBlock, memberTable } from './asyncapi_html.mjs';
import { page, render } from './render_asyncapi.mjs';

const facts = JSON.parse(execFileSync(process.argv[2], { encoding: 'utf8' }));
const { document, complaints } = await readAsyncApi();
const operations = document.operations().all();
const messages = document.components().messages().all();
const contract = readFileSync(path.join(root, 'docs/contract.md'), 'utf8');

const extension = (model, name) => model.extensions().get(name)?.value();
const sorted = (values) => [...values].sort();
// Section 4 is `skills`, and so on.
const section = (title) => contract.split(/^## /m).find((text) => text.slice(0, title.length + 8).includes(title));

// JSON files below a folder of schemas/examples, by path; without the invalid ones.
function* examples(folder = path.join(root, 'schemas/examples')) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.name === 'invalid') continue;
    if (entry.isDirectory()) yield* examples(file);
    else yield [path.relative(root, file), JSON.parse(readFileSync(file, 'utf8'))];
  }
}

test('the parser reads the document and has nothing to say, not even a hint', () => {
  assert.deepEqual(complaints, []);
});

test('its operations are those of the program', () => {
  const described = operations.map((operation) => extension(operation, 'x-op')).filter(Boolean);
  assert.deepEqual(sorted(described), sorted(facts.operations));
});

test('each operation is asked on the topic of its service, in its schema, and answered there with its result or an error', () => {
  for (const operation of operations) {
    const name = extension(operation, 'x-op');
    if (!name) continue;
    const service = name.split('/')[0];
    assert.equal(operation.channels().all()[0].address(), `${service}/{id}/request`);
    assert.equal(operation.reply().channel().address(), `${service}/{id}/response`);
    const [request, ...others] = operation.messages().all();
    assert.equal(payloadOf(request).$id, `urn:strawberry-hub:schema:1:${name}`);
    assert.deepEqual(others, []);
    const [result, failure] = operation.reply().messages().all();
    assert.equal(payloadOf(result).allOf[1].properties.result.$id, `urn:strawberry-hub:schema:1:${name}.result`);
    assert.equal(failure.id(), 'failure');
  }
});

test('everything has what the page shows of it: a title, who sends and reads it, and the one tag it stands under', () => {
  const tags = document.info().tags().all().map((tag) => tag.name());
  for (const channel of document.channels().all()) {
    assert.ok(channel.title(), channel.id());
    const [tag, ...more] = channel.tags().all().map((each) => each.name());
    assert.ok(tags.includes(tag) && !more.length, `${channel.id()} needs one tag of: ${tags}`);
  }
  for (const operation of operations) {
    assert.ok(operation.title(), operation.id());
    assert.ok(operation.bindings().get('mqtt'), `${operation.id()} needs a trait`);
    const parties = operation.action() === 'send' ? 'x-readers' : 'x-senders';
    for (const party of extension(operation, parties) ?? ['nobody']) {
      assert.match(party, /^(device|user|admin|bridge|enroll|grant|gateway)$/, `${operation.id()}: ${parties}`);
    }
  }
  for (const message of messages) assert.ok(message.title(), message.id());
});

test('the contract names every operation in its section, and no other', () => {
  for (const name of facts.operations) {
    const [service, op] = name.split('/');
    // Operations on users are in two sections.
    const text = section(`\`${service}\``) + (service === 'users' ? section('Limits, the audit') : '');
    assert.match(text, new RegExp(`[\`"]${op}[\`" ]`), `docs/contract.md does not name ${name}`);
  }
  const ops = new Set(facts.operations.map((name) => name.split('/')[1]));
  for (const [, op] of contract.matchAll(/"op":"([a-z_]+)"/g)) assert.ok(ops.has(op), `there is no operation ${op}`);
});

test('its error codes are those of the program and of the contract', () => {
  const described = document.json()['x-errors'];
  assert.deepEqual(Object.fromEntries(Object.entries(described).map(([code, { retryable }]) => [code, retryable])), facts.errors);
  const failure = payloadOf(document.components().messages().get('failure'));
  assert.deepEqual(sorted(failure.properties.error.properties.code.enum), sorted(Object.keys(facts.errors)));
  const rows = section('Envelope').match(/^\| `[^|]*\|/gm).slice(5);
  assert.deepEqual(sorted(rows.flatMap((row) => [...row.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code))), sorted(Object.keys(facts.errors)));
});

test('each error code may happen, everywhere or in some operation', () => {
  const all = document.json()['x-errors'];
  const said = new Set(Object.keys(all).filter((code) => all[code].everywhere));
  for (const operation of operations) {
    for (const code of extension(operation, 'x-errors') ?? []) {
      assert.ok(code in all, `${operation.id()}: there is no ${code}`);
      said.add(code);
    }
  }
  assert.deepEqual(sorted(said), sorted(Object.keys(all)));
});

test('its events are those of the program and of the contract', () => {
  const described = operations.map((operation) => extension(operation, 'x-event')).filter(Boolean);
  assert.deepEqual(sorted(described), sorted(facts.events));
  assert.deepEqual(sorted(new Set([...contract.matchAll(/"event":"([a-z_]+)"/g)].map(([, event]) => event))), sorted(facts.events));
});

// The table of topics: `/response` after `skills/{id}/request` is `skills/{id}/response`.
function topicsOfTheContract() {
  const topics = new Map();
  for (const row of section('Topics').matchAll(/^\| (`[^|]+)\|[^|]*\|[^|]*\| ([^|]+) \|$/gm)) {
    let before = '';
    for (const [, word] of row[1].matchAll(/`([^`]+)`/g)) {
      const topic = word.startsWith('/') ? before.replace(/\/[^/]+$/, word) : word;
      topics.set(topic, row[2]);
      before = topic;
    }
  }
  return topics;
}

test('its topics are those of the contract, retained or not', () => {
  const topics = topicsOfTheContract();
  assert.ok(topics.size > 15);
  const addresses = new Set(document.channels().all().map((channel) => channel.address()));
  for (const topic of topics.keys()) if (!topic.endsWith('#')) assert.ok(addresses.has(topic), `${topic} has no channel`);
  for (const operation of operations) {
    const address = operation.channels().all()[0].address();
    const retained = topics.get(address) ?? (address.startsWith('homeassistant/') && topics.get('homeassistant/#'));
    assert.ok(retained, `docs/contract.md does not know ${address}`);
    const mqtt = operation.bindings().get('mqtt').value();
    assert.equal(mqtt.qos, 1);
    if (retained === 'yes' || retained === 'no') assert.equal(mqtt.retain, retained === 'yes', address);
  }
});

test('every message has an example, and each is as its schema says', () => {
  const ajv = new Ajv({ strict: false, logger: false });
  for (const message of messages) {
    const shown = message.examples().all();
    assert.ok(shown.length > 0, `${message.id()} has no example`);
    const isValid = ajv.compile(withoutNames(payloadOf(message)));
    for (const example of shown) {
      assert.ok(isValid(example.payload()), `${message.id()}, ${example.name()}: ${ajv.errorsText(isValid.errors)}`);
    }
  }
});

// Nested schemas keep their names, which must be unique.
function withoutNames(schema) {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === '$id' || key === '$schema' ? undefined : value)));
}

test('every example is shown', () => {
  const shown = messages.flatMap((message) => message.examples().all().map((example) => example.payload()));
  const parts = shown.flatMap((payload) => [payload, payload?.result, payload?.error]);
  for (const [file, example] of examples()) {
    if (file === 'schemas/examples/envelope.request.json' || file === 'schemas/examples/envelope.response.json') continue;
    assert.ok(parts.some((part) => isDeepStrictEqual(part, example)), `${file} is not in the document`);
  }
});

test('docs/asyncapi.html is what is written from the document today', () => {
  const committed = readFileSync(page, 'utf8');
  assert.ok(committed === render(document), 'it is not: run scripts/render-asyncapi and look at the difference');
});

test('the page stands by itself: no scripts, nothing from elsewhere, and every link leads somewhere', () => {
  const written = render(document);
  assert.doesNotMatch(written, /<script|<link|<img|<iframe|url\(|@import|https?:/i);
  const ids = [...written.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, id] of written.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(id), id);
});

test('what comes from the document cannot become part of the page', () => {
  const ill = '<script>alert(1)</script>';
  const schema = { title: ill, description: ill, properties: { [ill]: { enum: [ill], description: '`' + ill } } };
  for (const made of [memberTable(schema, ill), exampleBlock(ill, { [ill]: ill })]) assert.doesNotMatch(made.value, /<script/);
});
