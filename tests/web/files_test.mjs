// What is committed of the dashboard: it is what its sources make, it is small, and it needs nothing from elsewhere.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const web = path.resolve(import.meta.dirname, '../../web');
const compressed_bytes_max = 250 * 1024;
const filesOf = (directory) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();

test('all files together are at most 250 KiB compressed', () => {
  const total = filesOf(path.join(web, 'dist')).reduce((sum, file) => sum + gzipSync(readFileSync(path.join(web, 'dist', file)), { level: 9 }).length, 0);
  console.log(`compressed: ${total} bytes`);
  assert.ok(total <= compressed_bytes_max, `${total} bytes`);
});

test('the page has nothing inline and names no other host', () => {
  const page = readFileSync(path.join(web, 'dist/index.html'), 'utf8');
  assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)/);
  assert.doesNotMatch(page, /<style|\son\w+=|\sstyle=|https?:\/\//);
});

test('the lock file names no registry', () => {
  assert.doesNotMatch(readFileSync(path.join(web, 'package-lock.json'), 'utf8'), /"resolved"/);
});

test('a fresh build of the sources has the same bytes', (context) => {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'strawberry-web-build-'));
  try {
    cpSync(web, copy, { recursive: true, filter: (from) => !/node_modules|[/\\]dist$/.test(path.relative(web, from)) });
    const run = (...words) => execFileSync('npm', words, { cwd: copy, encoding: 'utf8', stdio: 'pipe' });
    try {
      run('install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts');
    } catch (error) {
      if (/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/.test(String(error.stderr))) return context.skip('no network');
      throw error;
    }
    run('run', 'build');
    const made = filesOf(path.join(copy, 'dist'));
    assert.deepEqual(made, filesOf(path.join(web, 'dist')), 'run scripts/web and commit web/dist');
    for (const file of made) {
      assert.ok(readFileSync(path.join(copy, 'dist', file)).equals(readFileSync(path.join(web, 'dist', file))), `${file}: run scripts/web and commit web/dist`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
