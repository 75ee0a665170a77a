// The OpenAPI document of the web door, and the page that shows it: against the rules of OpenAPI, the gateway's routes, the
// contract and its own schemas. The first argument is a program that prints the gateway's document and routes (gateway_facts.cpp).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { readAsyncApi, root } from './asyncapi.mjs';
import { judgeOf, mediaOf, methods, operationsOf, resolved } from './openapi.mjs';

const facts = JSON.parse(execFileSync(process.argv[2], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 }));
const document = JSON.parse(facts.pages['openapi.json']);
const operations = [...operationsOf(document)];
const sorted = (values) => [...values].sort();

test('the document is one of OpenAPI 3.1, and every reference leads somewhere', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.equal(validator.version, '3.1');
  JSON.stringify(document, (key, value) => {
    if (key === '$ref') assert.ok(resolved(document, { $ref: value }), value);
    return value;
  });
});

test('every route of the gateway is in it, with its kind of errors, and no other', async () => {
  const { document: asyncapi } = await readAsyncApi();
  const contract = asyncapi.operations().all().map((operation) => operation.extensions().get('x-op')?.value()).filter(Boolean);
  const served = facts.routes.map(({ method, pattern, errors }) => `${method} ${pattern} ${errors}`);
  for (const name of contract) assert.ok(served.includes(`POST /api/v1/${name} hub`), name);
  const described = operations.map(({ path: where, method, operation }) => {
    const shape = operation.responses['400'].$ref.split('/').pop().split('.')[0];
    const kind = { either: 'spoke', mcp: 'hub', oauth: 'hub', page: 'hub', backups: 'hub' }[shape] ?? shape;
    return `${method.toUpperCase()} ${where} ${kind}`;
  });
  assert.deepEqual(sorted(described), sorted(served));
  for (const { method } of operations) assert.ok(methods.includes(method), method);
});

test('an operation may fail as the contract says, and with no other statuses than docs/http.md has', async () => {
  const { document: asyncapi } = await readAsyncApi();
  const source = JSON.parse(readFileSync(path.join(root, 'schemas/openapi.json'), 'utf8'));
  const codes = {};
  for (const operation of asyncapi.operations().all()) {
    const name = operation.extensions().get('x-op')?.value();
    if (name) codes[name] = operation.extensions().get('x-errors').value();
  }
  assert.deepEqual(source['x-operations'], codes);
  const everywhere = Object.entries(asyncapi.json()['x-errors']).filter(([, about]) => about.everywhere).map(([code]) => code);
  // Codes that cannot occur over HTTP: its paths name existing operations, and no topics.
  const unsaid = ['unknown_op', 'bad_response_topic'];
  assert.deepEqual(sorted(source['x-everywhere']), sorted(everywhere.filter((code) => !unsaid.includes(code))));
  const words = readFileSync(path.join(root, 'docs/http.md'), 'utf8').split('## Errors')[1].split('\n## ')[0];
  const rows = [...words.matchAll(/^\| ([0-9 ·]+) \|/gm)].flatMap(([, cell]) => cell.split(' · '));
  const said = new Set(operations.flatMap(({ operation }) => Object.keys(operation.responses)).filter((status) => status >= '400'));
  // 405 is for methods that the document does not have.
  assert.deepEqual(sorted(new Set([...said, '405'])), sorted(rows));
});

test('every example is as its schema says', () => {
  const judge = judgeOf(document);
  let count = 0;
  for (const one of operations) {
    for (const { steps, media } of mediaOf(document, one)) {
      for (const [name, example] of Object.entries(media.examples ?? {})) {
        ++count;
        assert.equal(judge([...steps, 'schema'], resolved(document, example).value), '', `${steps.join(' ')}: ${name}`);
      }
    }
    for (const given of one.operation.parameters ?? []) {
      const parameter = resolved(document, given);
      assert.ok(parameter.schema && parameter.in && parameter.name, JSON.stringify(given));
      if (parameter.in === 'path') assert.ok('example' in parameter, `${one.path}: ${parameter.name} has no example`);
    }
  }
  assert.ok(count > 200, String(count));
});

test('what takes a body has an example of it', () => {
  for (const { path: where, method, operation } of operations) {
    const json = operation.requestBody?.content['application/json'];
    if (!json || !operation.requestBody.required) continue;
    assert.ok(Object.keys(json.examples ?? {}).length > 0, `${method} ${where}`);
  }
});

test('names are there once, tags are explained, and no component is left over', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  const tags = document.tags.map(({ name }) => name);
  for (const { path: where, operation } of operations) {
    assert.ok(operation.summary, where);
    assert.ok(operation.tags.every((tag) => tags.includes(tag)), `${where}: ${operation.tags}`);
  }
  const text = JSON.stringify(document);
  assert.doesNotMatch(text, /"x-|"\$id"|"\$schema"|"definitions"/);
  const needed = ['schemas', 'examples', 'parameters', 'headers'];
  for (const kind of needed) {
    for (const name of Object.keys(document.components[kind])) {
      assert.ok(text.includes(`"#/components/${kind}/${name}"`), `components/${kind}/${name} is never used`);
    }
  }
});

test('everything but these needs a token', () => {
  const open = operations.filter(({ operation }) => operation.security?.length === 0).map(({ path: where }) => where);
  const oauth = open.filter((where) => where.startsWith('/.well-known/oauth-') || where.startsWith('/oauth/'));
  assert.equal(oauth.length, 11);
  const signIns = ['/api/users/login', '/api/v1/users/link', '/api/v1/users/login'];
  const dashboard = ['/', '/app', '/app/{page}', '/app/{page}/{item}', '/assets/{file}'];
  const others = ['/api/health', '/docs', '/docs/app.css', '/docs/app.js', '/health', '/metrics', '/mqtt', '/openapi.json'];
  assert.deepEqual(sorted(open.filter((where) => !oauth.includes(where))), sorted([...signIns, ...dashboard, ...others]));
  for (const { path: where, operation } of operations) {
    const mayRefuse = operation.security?.length !== 0 || signIns.includes(where);
    assert.equal('401' in operation.responses, mayRefuse, where);
  }
});

test('the page stands by itself, has nothing inline, and makes no markup of what it reads', () => {
  const { 'index.html': html, 'app.js': script, 'app.css': style } = facts.pages;
  for (const text of [html, script, style]) assert.doesNotMatch(text, /https?:|url\(|@import/i);
  assert.doesNotMatch(html, /<script(?! src="\/docs\/app\.js")|<style| style=| on[a-z]+=/i);
  assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\.style\b/);
});
