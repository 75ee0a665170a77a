// The browser of the dashboard's tests: real Chromium, pages that remember what they complained of, and axe-core.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { until, wait_timeout_ms } from './wait.mjs';

const modules = createRequire(path.resolve(import.meta.dirname, '../node/package.json'));
const { chromium } = modules('playwright-core');
const axeSource = readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.STRAWBERRY_SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

export function launch(flags = []) {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...flags],
  });
}

// Without motion: no colour is judged, and no place clicked, while something fades or moves.
const still = { locale: 'en-US', reducedMotion: 'reduce', permissions: [] };
export const desktop = { ...still, viewport: { width: 1280, height: 800 } };
export const phone = { ...still, viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const german = { locale: 'de-DE' };
export const dark = { colorScheme: 'dark' };

/// A page that remembers what it complained of: nothing may ever run, or be asked of another host.
export async function pageOf(browser, options = desktop) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(wait_timeout_ms);
  page.complaints = [];
  page.foreign = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content.Security|Trusted ?Type|violates/i.test(message.text())) page.complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== '127.0.0.1' && !['data:', 'blob:'].includes(protocol)) page.foreign.push(request.url());
  });
  page.on('dialog', (dialog) => {
    page.complaints.push(`a script spoke: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}

export function isClean(page) {
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.foreign, [], 'nothing is asked of another host');
}

export async function signIn(page, hub, token) {
  await page.goto(`${hub.url}/`);
  await page.getByRole('tab', { name: /^Token$/ }).click();
  await page.getByLabel('Token', { exact: true }).last().fill(token);
  await page.getByRole('button', { name: /^(Sign in|Anmelden)$/ }).click();
  await page.locator('.shell').waitFor();
  await page.locator('.banner .spinner').waitFor({ state: 'hidden' });
}

export async function signInByPassword(where, user, password) {
  await where.getByLabel('User name').fill(user);
  await where.locator('input[type=password]').fill(password);
  await where.getByRole('button', { name: 'Sign in' }).click();
}

/// Until the page shows what it has to show: its title, and nothing that is being loaded.
export function settled(page) {
  return until(
    () => page.evaluate(() => document.querySelector('main h1, main .empty') !== null && document.querySelector('main .loading, .banner .spinner') === null),
    `${page.url()} is loaded`,
  );
}

export async function accessible(page, name) {
  // What fades in does not count until it has done so; a spinner never ends.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished.catch(() => {}))));
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'] });
    return result.violations.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(' ')}`);
  });
  assert.deepEqual(found, [], name);
}

/// How far the page can be scrolled sideways, in pixels: 0.
export const sideways = (page) => page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));

export async function shoot(page, name) {
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}
