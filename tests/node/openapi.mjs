// Shared by the tests of the OpenAPI document: its operations, and a validator of JSON by its schemas.

import Ajv2020 from 'ajv/dist/2020.js';

export const methods = ['get', 'put', 'post', 'patch', 'delete'];

export function* operationsOf(document) {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) yield { path, method, operation, at: ['paths', path, method] };
  }
}

export function resolved(document, value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split('/').reduce((at, key) => at[key], document);
}

const pointer = (steps) => steps.map((step) => encodeURIComponent(String(step).replace(/~/g, '~0').replace(/\//g, '~1'))).join('/');

// Returns a function of a schema's place in the document and a value, which returns the value's faults, or nothing.
export function judgeOf(document) {
  const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false });
  ajv.addSchema(document, 'openapi');
  const known = new Map();
  return (steps, value) => {
    const place = pointer(steps);
    if (!known.has(place)) known.set(place, ajv.compile({ $ref: `openapi#/${place}` }));
    const isValid = known.get(place);
    return isValid(value) ? '' : ajv.errorsText(isValid.errors);
  };
}

// The places of all media of an operation, with the references to responses followed: [steps, media].
export function* mediaOf(document, { operation, at }) {
  for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
    yield { steps: [...at, 'requestBody', 'content', type], media, type };
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    const base = response.$ref ? response.$ref.slice(2).split('/') : [...at, 'responses', status];
    for (const [type, media] of Object.entries(resolved(document, response).content ?? {})) {
      yield { steps: [...base, 'content', type], media, type, status };
    }
  }
}
