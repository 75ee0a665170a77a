// schemas/asyncapi.yaml as others read it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAsyncApi } from './asyncapi.mjs';

test('the parser reads the document and has nothing to say, not even a hint', async () => {
  const { document, complaints } = await readAsyncApi();
  assert.deepEqual(complaints, []);
  assert.ok(document);
});
