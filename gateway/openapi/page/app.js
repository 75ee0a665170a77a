// Shows /openapi.json. The document's contents become text and never markup.
'use strict';

const methods = ['get', 'put', 'post', 'patch', 'delete'];
let spec = null;

// Makes an element from its attributes and its children, which are elements and text.
function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...content.flat().filter((part) => part !== null && part !== undefined && part !== ''));
  return element;
}

// Makes paragraphs; text between backticks becomes code.
function prose(text) {
  return (text || '').split('\n\n').filter(Boolean).map((paragraph) => make('p', {}, inline(paragraph)));
}
function inline(text) {
  return text.split('`').map((part, index) => (index % 2 ? make('code', {}, part) : part));
}

function resolved(value) {
  for (let steps = 0; value && value.$ref && steps < 20; ++steps) {
    value = value.$ref.slice(2).split('/').reduce((at, key) => at && at[key.replace(/~1/g, '/').replace(/~0/g, '~')], spec);
  }
  return value || {};
}
const nameOf = (value) => (value && value.$ref ? value.$ref.split('/').pop() : '');

// --- schemas

function typeOf(schema) {
  const real = resolved(schema);
  if ('const' in real) return JSON.stringify(real.const);
  if (real.enum) return real.enum.map((value) => JSON.stringify(value)).join(' | ');
  const types = [real.type || []].flat();
  const words = types.map((type) => (type === 'array' && real.items ? `array of ${typeOf(real.items)}` : type));
  if (words.length) return words.join(' | ');
  if (real.anyOf || real.oneOf) return (real.anyOf || real.oneOf).map(typeOf).join(' | ');
  return real.properties || real.allOf ? 'object' : 'any';
}

function limitsOf(schema) {
  const words = { minimum: 'at least', maximum: 'at most', minLength: 'characters at least', maxLength: 'characters at most',
    minItems: 'items at least', maxItems: 'items at most', maxProperties: 'members at most', pattern: 'pattern', default: 'default' };
  return Object.keys(words).filter((key) => key in schema)
    .map((key) => `${words[key]} ${typeof schema[key] === 'string' ? schema[key] : JSON.stringify(schema[key])}`).join(', ');
}

// Returns the members of an object schema, including those of all its parts.
function membersOf(schema) {
  const real = resolved(schema);
  const found = Object.entries(real.properties || {}).map(([name, member]) => ({ name, member, required: (real.required || []).includes(name) }));
  return (real.allOf || []).reduce((all, part) => all.concat(membersOf(part)), found);
}

// Returns the schema that can be opened: an object with members, or the items of an array of such.
function inner(schema) {
  const real = resolved(schema);
  if (membersOf(real).length) return real;
  if (real.items && inner(real.items)) return inner(real.items);
  return (real.anyOf || real.oneOf || []).map(inner).find(Boolean) || null;
}

function memberTable(schema, caption) {
  const rows = membersOf(schema).map(({ name, member, required }) => {
    const real = resolved(member);
    const below = inner(member);
    return make('tr', {},
      make('th', { scope: 'row' }, make('code', {}, name), required ? make('span', { class: 'required' }, ' required') : ''),
      make('td', {}, make('code', {}, typeOf(member))),
      make('td', {}, inline(real.description || ''), limits(real), below ? lazy('Members', () => memberTable(below, name)) : ''));
  });
  const head = make('tr', {}, ['Member', 'Type', 'Meaning'].map((text) => make('th', { scope: 'col' }, text)));
  return make('div', { class: 'wide' }, make('table', {}, make('caption', {}, caption), make('thead', {}, head), make('tbody', {}, rows)));
}
function limits(schema) {
  const text = limitsOf(schema);
  return text ? make('div', { class: 'limits' }, text) : '';
}

// `said`: text that is already on the page.
function schemaBlock(schema, said = '') {
  const real = resolved(schema);
  const name = nameOf(schema);
  const title = name ? make('code', {}, name) : make('code', {}, typeOf(schema));
  const below = inner(schema);
  const words = said && real.description === said ? '' : [real.title ? `${real.title}. ` : '', real.description || ''].join('');
  return [make('p', { class: 'schema' }, title, words ? ' ' : '', inline(words)), below ? memberTable(below, `Members of ${name || 'the body'}`) : limits(real)];
}

// The contents are made when it is opened for the first time.
function lazy(summary, fill) {
  const element = make('details', {}, make('summary', {}, summary));
  element.addEventListener('toggle', () => {
    if (element.open && element.children.length === 1) element.append(...[fill()].flat());
  });
  return element;
}

// --- operations

function examplesOf(media) {
  return Object.entries(media.examples || {}).map(([name, example]) => ({ name, value: resolved(example).value }));
}
function exampleBlocks(media) {
  return examplesOf(media).map(({ name, value }) => make('figure', {},
    make('figcaption', {}, name === 'example' ? 'Example' : `Example: ${name}`),
    make('pre', { tabindex: '0' }, JSON.stringify(value, null, 2))));
}

const quoted = (text) => `'${text.replace(/'/g, `'\\''`)}'`;
function curlOf(entry) {
  let path = entry.path;
  const query = [];
  for (const parameter of entry.parameters) {
    const value = parameter.example === undefined ? parameter.name.toUpperCase() : String(parameter.example);
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    if (parameter.in === 'query' && (parameter.required || parameter.example !== undefined)) query.push(`${parameter.name}=${encodeURIComponent(value)}`);
  }
  const words = ['curl'];
  if (entry.method !== 'get') words.push(`-X ${entry.method.toUpperCase()}`);
  words.push(quoted(location.origin + path + (query.length ? `?${query.join('&')}` : '')));
  if (entry.needsToken) words.push(`-H 'Authorization: Bearer TOKEN'`);
  const body = entry.operation.requestBody && entry.operation.requestBody.content['application/json'];
  const example = body && examplesOf(body)[0];
  if (example) words.push(`-d ${quoted(JSON.stringify(example.value))}`);
  return words.join(' ');
}

function parameterTable(parameters) {
  const rows = parameters.map((parameter) => make('tr', {},
    make('th', { scope: 'row' }, make('code', {}, parameter.name), parameter.required ? make('span', { class: 'required' }, ' required') : ''),
    make('td', {}, parameter.in),
    make('td', {}, make('code', {}, typeOf(parameter.schema))),
    make('td', {}, inline(parameter.description || ''), limits(resolved(parameter.schema)))));
  const head = make('tr', {}, ['Parameter', 'In', 'Type', 'Meaning'].map((text) => make('th', { scope: 'col' }, text)));
  return make('div', { class: 'wide' }, make('table', {}, make('caption', {}, 'Parameters'), make('thead', {}, head), make('tbody', {}, rows)));
}

function contentBlocks(content, said) {
  return Object.entries(content || {}).map(([type, media]) => [make('p', { class: 'media' }, make('code', {}, type)), schemaBlock(media.schema, said), exampleBlocks(media)]).flat(2);
}

function responses(entry) {
  return Object.entries(entry.operation.responses).map(([status, response]) => {
    const real = resolved(response);
    const title = make('span', {}, make('strong', { class: `status s${status[0]}` }, status), ' ', inline(real.description || ''));
    const headers = Object.keys(real.headers || {});
    const fill = () => [headers.length ? make('p', {}, 'Headers: ', headers.map((name) => make('code', {}, name))) : '', ...contentBlocks(real.content)].filter(Boolean);
    if (!real.content && !headers.length) return make('p', { class: 'plain' }, title);
    const element = lazy(title, fill);
    if (status.startsWith('2')) element.open = true;
    return element;
  });
}

function operationBody(entry) {
  const { operation } = entry;
  const parts = [prose(operation.description)];
  if (!entry.needsToken) parts.push(make('p', { class: 'note' }, 'Needs no token.'));
  if (entry.parameters.length) parts.push(make('h4', {}, 'Parameters'), parameterTable(entry.parameters));
  if (operation.requestBody) {
    parts.push(make('h4', {}, operation.requestBody.required ? 'Body' : 'Body, if any'), contentBlocks(operation.requestBody.content, operation.description));
  }
  parts.push(make('h4', {}, 'With curl'), make('pre', { tabindex: '0' }, curlOf(entry)));
  parts.push(make('h4', {}, 'Answers'), responses(entry));
  return parts.flat();
}

function operations() {
  const all = [];
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of methods.filter((name) => name in item)) {
      const operation = item[method];
      const security = operation.security || spec.security || [];
      all.push({ path, method, operation, id: operation.operationId, tag: operation.tags[0], needsToken: security.length > 0,
        parameters: (operation.parameters || []).map(resolved),
        words: `${method} ${path} ${operation.summary} ${operation.tags.join(' ')}`.toLowerCase() });
    }
  }
  return all;
}

function signature(entry) {
  return [make('span', { class: `method ${entry.method}` }, entry.method.toUpperCase()), ' ', make('span', { class: 'path' }, entry.path)];
}

function show() {
  const entries = operations();
  document.title = spec.info.title;
  document.getElementById('title').textContent = spec.info.title;
  document.getElementById('about').append(...prose(spec.info.description),
    make('p', {}, make('a', { href: '/openapi.json' }, '/openapi.json'), ` OpenAPI ${spec.openapi}`));
  const contents = document.getElementById('contents');
  const main = document.getElementById('operations');
  main.replaceChildren();
  const groups = [];
  for (const tag of spec.tags) {
    const own = entries.filter((entry) => entry.tag === tag.name);
    if (!own.length) continue;
    const list = make('ul', {});
    const section = make('section', { 'aria-labelledby': `tag-${tag.name}` }, make('h2', { id: `tag-${tag.name}` }, tag.name), prose(tag.description));
    for (const entry of own) {
      entry.details = make('details', { class: 'operation', id: entry.id },
        make('summary', {}, make('h3', {}, signature(entry)), make('span', { class: 'summary' }, entry.operation.summary)));
      entry.details.addEventListener('toggle', () => fill(entry));
      entry.link = make('li', {}, make('a', { href: `#${entry.id}`, title: entry.operation.summary }, signature(entry)));
      section.append(entry.details);
      list.append(entry.link);
    }
    const heading = make('div', {}, make('h2', {}, make('a', { href: `#tag-${tag.name}` }, tag.name)), list);
    contents.append(heading);
    main.append(section);
    groups.push({ own, section, heading });
  }
  const filter = document.getElementById('filter');
  filter.addEventListener('input', () => select(groups, filter.value));
  select(groups, filter.value);
  addEventListener('hashchange', () => follow(entries));
  follow(entries);
}

function fill(entry) {
  if (entry.details.open && entry.details.children.length === 1) entry.details.append(make('div', { class: 'body' }, operationBody(entry)));
}

function select(groups, text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { own, section, heading } of groups) {
    let some = false;
    for (const entry of own) {
      const fits = wanted.every((word) => entry.words.includes(word));
      entry.details.hidden = !fits;
      entry.link.hidden = !fits;
      some = some || fits;
      shown += fits ? 1 : 0;
    }
    section.hidden = !some;
    heading.hidden = !some;
  }
  document.getElementById('count').textContent = shown === 1 ? '1 operation' : `${shown} operations`;
}

// Scrolls to the operation that the address names.
function follow(entries) {
  const entry = entries.find(({ id }) => id === decodeURIComponent(location.hash.slice(1)));
  if (!entry) return;
  entry.details.open = true;
  fill(entry);
  entry.details.scrollIntoView();
  entry.details.querySelector('summary').focus({ preventScroll: true });
}

async function start() {
  try {
    const answer = await fetch('/openapi.json');
    if (!answer.ok) throw new Error(`the answer was ${answer.status}`);
    spec = await answer.json();
    show();
  } catch (error) {
    const state = document.getElementById('state');
    const words = `The document could not be shown: ${error.message}. `;
    if (state) state.replaceChildren(words, make('a', { href: '/openapi.json' }, '/openapi.json'));
    else document.getElementById('operations').prepend(make('p', { role: 'alert' }, words));
  }
}

start();
