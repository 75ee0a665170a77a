// Pieces of HTML for render_asyncapi.mjs. Text of the document is escaped, pieces that were made here are not.

class Html {
  constructor(value) {
    this.value = value;
  }
}

const escape = (value) =>
  String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const made = (value) => (value instanceof Html ? value.value : escape(value ?? ''));

// safe`<p>${text}</p>` escapes the inserted values; safe([…]) joins pieces of HTML, or uses a string unchanged.
export function safe(parts, ...values) {
  if (!parts.raw) return new Html(parts.map((part) => (part instanceof Html ? part.value : part)).join(''));
  return new Html(parts.map((part, i) => (i < values.length ? part + made(values[i]) : part)).join(''));
}
export const html = (parts, ...values) => safe(parts, ...values).value;

export const code = (value) => safe`<code>${value}</code>`;
// Text in backticks becomes code.
export const text = (value) =>
  safe(value.split('`').map((part, i) => (i % 2 ? code(part) : safe`${part}`)));
// Topics may break at their slashes.
export const topic = (address) => safe`<code>${safe(address.split('/').map((level, i) => safe`${safe([i ? '/<wbr>' : ''])}${level}`))}</code>`;
export const list = (values, show = (value) => value) =>
  values && safe(values.map((value, i) => safe`${i ? ', ' : ''}${show(value)}`));

// A range in words.
function range(least, most) {
  if (least === undefined && most === undefined) return '';
  if (least === undefined) return `at most ${most}`;
  if (most === undefined) return `at least ${least}`;
  return least === most ? `${least}` : `${least} to ${most}`;
}
const after = (what, amount, unit = '') =>
  amount ? `${what}, ${amount}${/(^| )1$/.test(amount) ? unit.replace(/s$/, '') : unit}` : what;

function typeName(schema, type) {
  if (type === 'string') return after('string', range(schema.minLength || undefined, schema.maxLength), ' characters');
  if (type === 'integer' || type === 'number') return after(type, range(schema.minimum, schema.maximum));
  if (type !== 'array') return type;
  const items = schema.items && describeType(schema.items);
  const what = /^[a-z]+$/.test(items ?? '') && items !== 'anything' ? `array of ${items}s` : 'array';
  return after(what, range(schema.minItems, schema.maxItems), ' items');
}

// The type of a value, in few words.
function describeType(schema) {
  if (schema === true) return 'anything';
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  const types = [schema.type ?? []].flat();
  if (types.length) return types.map((type) => typeName(schema, type)).join(' or ');
  const choices = schema.anyOf ?? schema.oneOf;
  return choices ? choices.map((choice) => (choice.properties && choice.title) || describeType(choice)).join(' or ') : 'anything';
}

function resolve(schema, top) {
  const match = /^#\/definitions\/(.+)$/.exec(schema.$ref ?? '');
  return match ? { ...top.definitions[match[1]], ...schema, $ref: undefined } : schema;
}

// A row for each member, followed by its own members.
function* rows(schema, top, before) {
  for (const choice of [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) {
    if (choice !== schema && choice.title && choice.properties) yield { title: choice.title, description: choice.description };
    for (const [name, given] of Object.entries(choice.properties ?? {})) {
      const member = resolve(given, top);
      const required = choice.required?.includes(name) ?? false;
      yield { path: before + name, member, required };
      yield* rows(member, top, `${before}${name}.`);
      if (member.items?.properties) yield* rows(member.items, top, `${before}${name}[].`);
    }
  }
}

function row({ path, member, required, title, description }) {
  if (title) return safe`<tr><th scope="rowgroup" colspan="4">${title}. ${text(description ?? '')}</th></tr>\n`;
  const pattern = member.pattern && !member.title ? safe` <span class="pattern">${code(member.pattern)}</span>` : '';
  const usual = 'default' in member ? safe` Default: ${code(JSON.stringify(member.default))}.` : '';
  const what = member.title && member.type && !member.properties ? member.title : describeType(member);
  return safe`<tr><th scope="row">${code(path)}</th><td>${what}${pattern}</td><td>${required ? 'yes' : ''}</td><td>${text(member.description ?? '')}${usual}</td></tr>
`;
}

// The members of an object, or the type of another payload.
export function memberTable(schema, caption) {
  const all = [...rows(schema, schema, '')];
  if (!all.length) return schema.description && describeType(schema) === 'anything' ? safe`` : safe`<p>${describeType(schema)}</p>`;
  return safe`<div class="wide"><table><caption>${caption}</caption><thead><tr><th scope="col">Member</th><th scope="col">Type</th><th scope="col">Required</th><th scope="col">What</th></tr></thead><tbody>
${safe(all.map(row))}</tbody></table></div>`;
}

export function exampleBlock(name, payload) {
  const shown = typeof payload === 'string' ? payload : JSON.stringify(payload, null, 2);
  return safe`<details><summary>Example${name === 'plain' ? '' : `: ${name}`}</summary><pre tabindex="0">${shown}</pre></details>
`;
}
