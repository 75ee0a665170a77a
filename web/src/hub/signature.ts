/// A skill's signature, read for a form: parameters with types, defaults and choices. The hub checks every call against
/// the signature itself; what is not understood here becomes a field that takes JSON.
///
/// Bounds: the hub's own, 2 048 bytes and 32 parameters; more is cut off.

import { isObject, text, type Json } from './wire';

export type Type =
  | { kind: 'text' }
  | { kind: 'integer' }
  | { kind: 'number' }
  | { kind: 'boolean' }
  | { kind: 'choice'; choices: Json[] }
  | { kind: 'json' };

export interface Parameter {
  name: string;
  type: Type;
  /// As it stands in the signature, for people.
  annotation: string;
  required: boolean;
  /// Absent: none, or one that JSON cannot say.
  fallback?: Json;
  nullable: boolean;
  minimum?: number;
  maximum?: number;
  about: string;
}

const parameters_max = 32;
const signature_max = 4096;

/// Splits at `separator` where no bracket and no string is open.
function split(source: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let part = '';
  for (let at = 0; at < source.length; at += 1) {
    const c = source[at] ?? '';
    if (quote) {
      part += c;
      if (c === '\\') part += source[++at] ?? '';
      else if (c === quote) quote = '';
      continue;
    }
    if (c === '"' || c === "'") quote = c;
    if ('([{'.includes(c)) depth += 1;
    if (')]}'.includes(c)) depth -= 1;
    if (c === separator && depth === 0) {
      parts.push(part);
      part = '';
    } else {
      part += c;
    }
  }
  parts.push(part);
  return parts.map((one) => one.trim());
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };

/// A Python literal that JSON can say; undefined for anything else.
export function pythonLiteral(source: string): Json | undefined {
  const word = source.trim();
  if (word === 'None') return null;
  if (word === 'True') return true;
  if (word === 'False') return false;
  if (/^[+-]?(\d[\d_]*)(\.\d*)?([eE][+-]?\d+)?$|^[+-]?\.\d+$/.test(word)) return Number(word.replaceAll('_', ''));
  const quote = word[0];
  if ((quote === '"' || quote === "'") && word.length >= 2 && word.endsWith(quote)) {
    const inner = word.slice(1, -1);
    if (new RegExp(`(^|[^\\\\])${quote}`).test(inner)) return undefined;
    return inner.replace(/\\(.)/g, (whole, c: string) => escapes[c] ?? whole);
  }
  if (word.startsWith('[') && word.endsWith(']')) {
    const items = split(word.slice(1, -1), ',').filter(Boolean).map(pythonLiteral);
    return items.some((item) => item === undefined) ? undefined : (items as Json[]);
  }
  if (word.startsWith('{') && word.endsWith('}')) {
    const read: { [member: string]: Json } = {};
    for (const entry of split(word.slice(1, -1), ',').filter(Boolean)) {
      const [key, ...rest] = split(entry, ':');
      const name = pythonLiteral(key ?? '');
      const value = pythonLiteral(rest.join(':'));
      if (typeof name !== 'string' || value === undefined) return undefined;
      read[name] = value;
    }
    return read;
  }
  return undefined;
}

function typeOf(annotation: string): { type: Type; nullable: boolean } {
  let nullable = false;
  let source = annotation.replace(/^(typing|t)\./, '').trim();
  const optional = /^Optional\[(.*)\]$/s.exec(source);
  if (optional) return { type: typeOf(optional[1] ?? '').type, nullable: true };
  const union = /^Union\[(.*)\]$/s.exec(source);
  const members = union ? split(union[1] ?? '', ',') : split(source, '|');
  if (members.length > 1) {
    nullable = members.includes('None');
    const rest = members.filter((member) => member !== 'None');
    if (rest.length > 1) return { type: { kind: 'json' }, nullable };
    source = rest[0] ?? '';
  }
  const literal = /^(?:typing\.)?Literal\[(.*)\]$/s.exec(source);
  if (literal) {
    const choices = split(literal[1] ?? '', ',').map(pythonLiteral);
    if (choices.every((choice) => choice !== undefined)) return { type: { kind: 'choice', choices: choices as Json[] }, nullable };
  }
  const plain: Record<string, Type> = {
    str: { kind: 'text' },
    int: { kind: 'integer' },
    float: { kind: 'number' },
    bool: { kind: 'boolean' },
  };
  return { type: plain[source] ?? { kind: 'json' }, nullable };
}

/// `Args:` of a docstring as Google's style has it, and `:param name:` as Sphinx's.
function parameterDocs(docstring: string): Map<string, string> {
  const docs = new Map<string, string>();
  for (const line of docstring.split('\n').slice(0, 400)) {
    const found = /^\s+\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s+(.+)$/u.exec(line) ?? /^\s*:param\s+(?:\w+\s+)?(\w+):\s*(.+)$/u.exec(line);
    if (found?.[1] && found[2]) docs.set(found[1], found[2].trim());
  }
  return docs;
}

function ofSchema(schema: { [member: string]: Json }, docs: Map<string, string>): Parameter[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(properties).map(([name, property]) => {
    const one = isObject(property) ? property : {};
    const kinds: Record<string, Type> = {
      string: { kind: 'text' },
      integer: { kind: 'integer' },
      number: { kind: 'number' },
      boolean: { kind: 'boolean' },
    };
    const parameter: Parameter = {
      name,
      type: Array.isArray(one.enum) ? { kind: 'choice', choices: one.enum } : (kinds[text(one.type)] ?? { kind: 'json' }),
      annotation: text(one.type),
      required: required.has(name),
      nullable: false,
      about: text(one.description) || (docs.get(name) ?? ''),
    };
    if (one.default !== undefined) parameter.fallback = one.default;
    if (typeof one.minimum === 'number') parameter.minimum = one.minimum;
    if (typeof one.maximum === 'number') parameter.maximum = one.maximum;
    return parameter;
  });
}

/// The parameters that can be given by name. `schema`: what the device registered beside the signature.
export function parametersOf(signature: string, docstring: string, schema?: unknown): Parameter[] {
  const docs = parameterDocs(docstring);
  if (isObject(schema) && isObject(schema.properties)) return ofSchema(schema, docs).slice(0, parameters_max);
  const source = signature.slice(0, signature_max);
  const open = source.indexOf('(');
  if (open < 0) return [];
  let depth = 0;
  let close = source.length;
  for (const { at, c } of outsideStrings(source, open)) {
    if ('([{'.includes(c)) depth += 1;
    if (')]}'.includes(c) && (depth -= 1) === 0) {
      close = at;
      break;
    }
  }
  const found: Parameter[] = [];
  for (const part of split(source.slice(open + 1, close), ',')) {
    if (!part || part === '/' || part.startsWith('*')) continue;
    const [head, ...defaults] = splitDefault(part);
    const colon = head.indexOf(':');
    const name = (colon < 0 ? head : head.slice(0, colon)).trim();
    if (name === 'self' && found.length === 0) continue;
    const annotation = colon < 0 ? '' : head.slice(colon + 1).trim();
    const { type, nullable } = annotation ? typeOf(annotation) : guess(defaults[0]);
    const parameter: Parameter = {
      name,
      type,
      annotation,
      nullable,
      required: defaults.length === 0,
      about: docs.get(name) ?? '',
    };
    const fallback = defaults.length ? pythonLiteral(defaults[0] ?? '') : undefined;
    if (fallback !== undefined) parameter.fallback = fallback;
    found.push(parameter);
  }
  return found.slice(0, parameters_max);
}

/// A parameter without annotation is what its default is; without one, a text is the likeliest.
function guess(source: string | undefined): { type: Type; nullable: boolean } {
  const value = source === undefined ? '' : pythonLiteral(source);
  if (typeof value === 'boolean') return { type: { kind: 'boolean' }, nullable: false };
  if (typeof value === 'number') return { type: { kind: 'number' }, nullable: false };
  if (typeof value === 'string') return { type: { kind: 'text' }, nullable: false };
  return { type: { kind: 'json' }, nullable: value === null };
}

function* outsideStrings(source: string, from: number): Generator<{ at: number; c: string }> {
  let quote = '';
  for (let at = from; at < source.length; at += 1) {
    const c = source[at] ?? '';
    if (quote) {
      if (c === '\\') at += 1;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'") {
      quote = c;
    } else {
      yield { at, c };
    }
  }
}

function splitDefault(part: string): [string, ...string[]] {
  let depth = 0;
  for (const { at, c } of outsideStrings(part, 0)) {
    if ('([{'.includes(c)) depth += 1;
    if (')]}'.includes(c)) depth -= 1;
    if (c === '=' && depth === 0) return [part.slice(0, at), part.slice(at + 1).trim()];
  }
  return [part];
}

/// What the docstring says before its sections.
export function aboutOf(docstring: string): string {
  return (docstring.split(/\n\s*(?:Args|Arguments|Parameters|Returns|Raises|Example|Examples):|\n\s*:param/)[0] ?? '').trim();
}

/// What was typed, as a value. Undefined: left out. Throws a key of a text when it is none of that type.
export function valueOf(parameter: Parameter, typed: string): Json | undefined {
  const { type } = parameter;
  if (typed === '' && !(type.kind === 'text' && parameter.required)) {
    if (parameter.required && !parameter.nullable) throw new Error('form.required');
    return parameter.required ? null : undefined;
  }
  if (type.kind === 'text') return typed;
  if (type.kind === 'boolean') return typed === 'true';
  if (type.kind === 'choice') return type.choices[Number(typed)];
  if (type.kind === 'json') {
    try {
      return JSON.parse(typed) as Json;
    } catch {
      if (parameter.annotation === '' || parameter.annotation === 'Any') return typed;
      throw new Error('form.json');
    }
  }
  const number = Number(typed.trim().replace(',', '.'));
  if (typed.trim() === '' || !Number.isFinite(number)) throw new Error('form.number');
  if (type.kind === 'integer' && !Number.isSafeInteger(number)) throw new Error('form.integer');
  return number;
}
