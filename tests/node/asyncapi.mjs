// Reads schemas/asyncapi.yaml with the AsyncAPI project's own parser, and with it every file that it refers to.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Parser, fromFile } from '@asyncapi/parser';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const source = path.join(root, 'schemas/asyncapi.yaml');

// Returns the parsed document, and the parser's findings, including hints, as one line of text each.
export async function readAsyncApi() {
  const { document, diagnostics } = await fromFile(new Parser(), source).parse();
  const complaints = diagnostics.map(
    ({ code, message, path: where, range }) => `line ${range.start.line + 1}: ${message} (${code}, ${where.join('/')})`,
  );
  return { document, complaints };
}

// The JSON Schema of a message's payload, with or without a stated format.
export function payloadOf(message) {
  const payload = message.payload().json();
  return payload.schema ?? payload;
}
