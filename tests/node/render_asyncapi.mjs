// Makes docs/asyncapi.html from the parsed schemas/asyncapi.yaml: one self-contained page, always the same for the same
// document. Run by scripts/render-asyncapi, it writes that file.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { payloadOf, readAsyncApi, root } from './asyncapi.mjs';
import { code, exampleBlock, html, list, memberTable, safe, text, topic } from './asyncapi_html.mjs';

export const page = path.join(root, 'docs/asyncapi.html');
const style = readFileSync(path.join(root, 'tests/node/asyncapi.css'), 'utf8');
const envelope = JSON.parse(readFileSync(path.join(root, 'schemas/envelope.request.json'), 'utf8'));

const extension = (model, name) => model.extensions().get(name)?.value();
const addressOf = (operation) => operation.channels().all()[0].address();
const tagOf = (operation) => operation.channels().all()[0].tags().all()[0].name();
const nameOf = (operation) => extension(operation, 'x-op') ?? (extension(operation, 'x-event') ? `chat: ${extension(operation, 'x-event')}` : addressOf(operation));

function delivery(operation) {
  const { qos, retain, messageExpiryInterval: expiry } = operation.bindings().get('mqtt').value();
  const said = [`QoS ${qos}, ${retain ? 'retained' : 'not retained'}`];
  if (expiry) said.push(`Message Expiry: ${expiry.description}`);
  return said.join('. ');
}

function properties(message) {
  const mqtt = message.bindings().get('mqtt')?.value() ?? {};
  return [['Response Topic', mqtt.responseTopic], ['Correlation Data', mqtt.correlationData]]
    .filter(([, schema]) => schema)
    .map(([name, schema]) => `${name}: ${schema.description}`);
}

function facts(rows) {
  const shown = rows.filter(([, value]) => value);
  return safe`<dl>${safe(shown.map(([name, value]) => safe`<dt>${name}</dt><dd>${value}</dd>`))}</dl>`;
}

function parties(operation) {
  const isSent = operation.action() === 'send';
  const hub = extension(operation, 'x-sent-by') ?? 'the hub';
  return [
    ['Sent by', isSent ? hub : list(extension(operation, 'x-senders'))],
    ['Read by', isSent ? list(extension(operation, 'x-readers')) : hub],
    ['Delivery', delivery(operation)],
    ['Properties', properties(operation.messages().all()[0]).join(' ')],
  ];
}

function errorsOf(operation) {
  const link = (error) => safe`<a href="#error-${error}">${code(error)}</a>, `;
  return safe`${safe(extension(operation, 'x-errors').map(link))}<a href="#errors">those of every operation</a>`;
}

// Members that all requests have are described once.
function withoutEnvelope(schema) {
  const own = Object.entries(schema.properties ?? {}).filter(([name]) => name === 'op' || !(name in envelope.properties));
  return { ...schema, properties: Object.fromEntries(own) };
}

function message(model, schema, caption) {
  const { description } = schema;
  return safe`<h4>${caption}</h4>
${description ? safe`<p>${text(description)}</p>` : ''}
${memberTable(schema, caption)}
${safe(model.examples().all().map((example) => exampleBlock(example.name(), example.payload())))}`;
}

function request(operation) {
  const [asked] = operation.messages().all();
  const [answer] = operation.reply().messages().all();
  return safe`${facts([
    ['Request', topic(addressOf(operation))],
    ['Response', topic(operation.reply().channel().address())],
    ...parties(operation),
    ['Errors', errorsOf(operation)],
  ])}
${message(asked, withoutEnvelope(payloadOf(asked)), 'Request')}
${message(answer, payloadOf(answer).allOf[1].properties.result, 'Result')}`;
}

function other(operation) {
  const answers = operation.reply()?.messages().all() ?? [];
  const headline = (model) => model.title();
  return safe`${facts([
    ['Topic', topic(addressOf(operation))],
    ['Answered on', answers.length ? topic(operation.reply().channel().address()) : ''],
    ...parties(operation),
  ])}
${safe([...operation.messages().all(), ...answers].map((model) => message(model, payloadOf(model), headline(model))))}`;
}

function operationSection(operation) {
  return safe`<article id="${operation.id()}">
<h3>${operation.title()} <small>${code(nameOf(operation))}</small></h3>
${extension(operation, 'x-op') ? request(operation) : other(operation)}
</article>
`;
}

function tagSection(document, tag) {
  const operations = document.operations().all().filter((operation) => tagOf(operation) === tag.name());
  const channels = document.channels().all().filter((channel) => channel.tags().all()[0].name() === tag.name());
  return safe`<section id="${tag.name()}">
<h2>${tag.name()}</h2>
<p>${text(tag.description())}</p>
<div class="wide"><table><caption>Topics</caption><thead><tr><th scope="col">Topic</th><th scope="col">What</th></tr></thead><tbody>
${safe(channels.map((channel) => safe`<tr><th scope="row">${topic(channel.address())}</th><td>${channel.title()}. ${text(channel.description() ?? '')}</td></tr>`))}
</tbody></table></div>
${safe(operations.map(operationSection))}</section>
`;
}

function contents(document) {
  const entry = (operation) => safe`<li><a href="#${operation.id()}">${operation.title()}</a></li>`;
  const part = (tag) => safe`<li><a href="#${tag.name()}">${tag.name()}</a><ul>${safe(
    document.operations().all().filter((operation) => tagOf(operation) === tag.name()).map(entry),
  )}</ul></li>`;
  return safe`<nav aria-label="Contents"><ul>
<li><a href="#connect">Connect</a></li><li><a href="#envelope">Requests and responses</a></li><li><a href="#errors">Errors</a></li>
${safe(document.info().tags().all().map(part))}
</ul></nav>`;
}

function connect(document) {
  const row = (server) => safe`<tr><th scope="row">${server.title()}</th><td>${code(`${server.protocol()}://${server.host()}${server.pathname() ?? ''}`)}</td><td>${text(server.description())}</td></tr>`;
  const [scheme] = document.components().securitySchemes().all();
  return safe`<section id="connect"><h2>Connect</h2>
<div class="wide"><table><caption>Servers</caption><thead><tr><th scope="col">Where from</th><th scope="col">Address</th><th scope="col">What</th></tr></thead><tbody>
${safe(document.servers().all().map(row))}
</tbody></table></div>
<p>${text(scheme.description())}</p>
<p>${code('{id}')} in a topic: ${text(document.components().channelParameters().get('sender').description())}</p></section>`;
}

function envelopes(document) {
  const failure = document.components().messages().get('failure');
  const response = payloadOf(document.components().messages().get('skillsListReply')).allOf[0];
  return safe`<section id="envelope"><h2>Requests and responses</h2>
<article><h3>Every request</h3><p>${text(envelope.description)}</p>${memberTable(envelope, 'Members of every request')}</article>
<article><h3>The response when it worked</h3>${memberTable(response, 'Members of a response')}</article>
<article><h3>The response when it did not</h3>${memberTable(payloadOf(failure), 'Members of a failure')}
${safe(failure.examples().all().map((example) => exampleBlock(example.name(), example.payload())))}</article></section>`;
}

function errors(document) {
  const row = ([name, { retryable, everywhere, description }]) =>
    safe`<tr id="error-${name}"><th scope="row">${code(name)}</th><td>${text(description)}</td><td>${retryable ? 'yes' : 'no'}</td><td>${everywhere ? 'every operation' : 'where it is named'}</td></tr>`;
  return safe`<section id="errors"><h2>Errors</h2>
<div class="wide"><table><caption>Codes</caption><thead><tr><th scope="col">Code</th><th scope="col">When</th><th scope="col">May it help to ask again?</th><th scope="col">Where</th></tr></thead><tbody>
${safe(Object.entries(document.json()['x-errors']).map(row))}
</tbody></table></div></section>`;
}

export function render(document) {
  const info = document.info();
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${info.title()}: the wire</title>
<style>
${safe([style])}</style>
</head>
<body>
<!-- Written by scripts/render-asyncapi from schemas/asyncapi.yaml; do not edit. -->
<a class="skip" href="#main">To the text</a>
<header><h1>${info.title()}: the wire</h1><p>${text(info.description())} In words: <a href="contract.md">contract.md</a>.</p></header>
${contents(document)}
<main id="main">
${connect(document)}
${envelopes(document)}
${errors(document)}
${safe(info.tags().all().map((tag) => tagSection(document, tag)))}</main>
</body>
</html>
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { document, complaints } = await readAsyncApi();
  if (!document) throw new Error(complaints.join('\n'));
  writeFileSync(page, render(document));
}
