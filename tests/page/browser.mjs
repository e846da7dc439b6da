// A real Chromium with the page open, and the small verbs that the steps use.
// It is found at $CHROMIUM or as `chromium` or `google-chrome` on the path.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { startMockServer } from './mock-server.mjs';

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'crescent-page-'));
mkdirSync(folder, { recursive: true });
export const mock = await startMockServer();
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--host-resolver-rules=MAP crescent.test 127.0.0.1'] });
const troubles = [];
let passed = 0,
  failed = 0;

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome'])
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      /* the next name */
    }
  throw new Error('No Chromium found; set CHROMIUM.');
}

/** A fresh browser profile with the page open. */
export async function open(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1360, height: 860 },
    colorScheme: 'light',
    locale: 'en-US',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  page.on('console', message => {
    if (message.type() === 'error' && !/status of (4|5)\d\d|ERR_/.test(message.text())) troubles.push(message.text());
  });
  page.on('pageerror', error => troubles.push(error.stack));
  page.on('request', request => {
    if (!/^(http:\/\/(127\.0\.0\.1|crescent\.test):|data:|blob:)/.test(request.url())) troubles.push(`asked elsewhere: ${request.url()}`);
  });
  await page.goto(options.address ?? mock.address);
  await page.waitForSelector('.composer textarea');
  return page;
}

export const shot = (page, name) => page.screenshot({ path: join(folder, `${name}.png`) });
export const finished = page => page.waitForSelector('.send:not(.stops)');

export async function say(page, text) {
  await page.fill('#message', text);
  await page.keyboard.press('Enter');
}

export async function ask(page, text) {
  const turns = await page.locator('.turn').count();
  await say(page, text);
  await page.locator('.turn').nth(turns).waitFor();
  await finished(page);
}

/** Nothing is wider than the page, and nothing scrolls sideways but code, tables and formulas. */
export async function assertFits(page) {
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll('#page *')]
      .filter(element => {
        if (element.closest('pre, .table, .math-display, svg, .off-screen, .skip, math') || !element.getClientRects().length) return false;
        const box = element.getBoundingClientRect();
        return box.right > innerWidth + 1 || box.left < -1;
      })
      .map(element => `${element.tagName}.${element.className}`)
      .slice(0, 5)
  );
  assert.deepEqual(wide, []);
}

/** Runs a named step; it fails too when the page logged an error or asked another server for something. */
export async function step(name, act) {
  const before = troubles.length;
  try {
    await act();
    assert.deepEqual(troubles.slice(before), []);
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n     ${String(error.stack).split('\n').slice(0, 8).join('\n     ')}`);
  }
}

/** Ends the browser and says how the steps went. */
export async function end() {
  await browser.close();
  mock.close();
  writeFileSync(join(folder, 'result.txt'), `${passed} passed, ${failed} failed\n`);
  console.log(`${passed} passed, ${failed} failed; screenshots in ${folder}`);
  process.exitCode = failed ? 1 : 0;
}
