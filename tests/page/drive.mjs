// Drives the page in a real Chromium against the mock server: node drive.mjs [folder for screenshots]
// Chromium is found at $CHROMIUM or as `chromium` or `google-chrome` on the path; packages: npm ci.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { startMockServer } from './mock-server.mjs';

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'crescent-page-'));
mkdirSync(folder, { recursive: true });
const mock = await startMockServer();
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--host-resolver-rules=MAP crescent.test 127.0.0.1'] });
const troubles = [];
let passed = 0, failed = 0;

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) try { return execFileSync('which', [name], { encoding: 'utf8' }).trim(); } catch { /* the next name */ }
  throw new Error('No Chromium found; set CHROMIUM.');
}

/** A fresh browser profile with the page open. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, colorScheme: 'light', locale: 'en-US', reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'], ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  page.on('console', message => { if (message.type() === 'error' && !/status of (4|5)\d\d|ERR_/.test(message.text())) troubles.push(message.text()); });
  page.on('pageerror', error => troubles.push(error.stack));
  page.on('request', request => { if (!/^(http:\/\/(127\.0\.0\.1|crescent\.test):|data:|blob:)/.test(request.url())) troubles.push(`asked elsewhere: ${request.url()}`); });
  await page.goto(options.address ?? mock.address);
  await page.waitForSelector('.composer textarea');
  return page;
}

const shot = (page, name) => page.screenshot({ path: join(folder, `${name}.png`) });
const finished = page => page.waitForSelector('.send:not(.stops)');

async function say(page, text) {
  await page.fill('#message', text);
  await page.keyboard.press('Enter');
}

async function ask(page, text) {
  const turns = await page.locator('.turn').count();
  await say(page, text);
  await page.locator('.turn').nth(turns).waitFor();
  await finished(page);
}

/** Nothing is wider than the page, and nothing scrolls sideways but code, tables and formulas. */
async function assertFits(page) {
  const wide = await page.evaluate(() => [...document.querySelectorAll('#page *')].filter(element => {
    if (element.closest('pre, .table, .math-display, svg, .off-screen, .skip, math') || !element.getClientRects().length) return false;
    const box = element.getBoundingClientRect();
    return box.right > innerWidth + 1 || box.left < -1;
  }).map(element => `${element.tagName}.${element.className}`).slice(0, 5));
  assert.deepEqual(wide, []);
}

async function step(name, act) {
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

await step('A conversation: Markdown, formulas, code, thinking that folds, figures', async () => {
  const page = await open();
  await shot(page, 'empty-light');
  await ask(page, 'Why does a mixture of experts need so few of its weights?');
  assert.equal(await page.locator('.prose math').count() > 6, true);
  assert.equal(await page.locator('.math-unknown').count(), 0);
  assert.equal(await page.locator('.prose table tbody tr').count(), 3);
  assert.equal(await page.locator('.thinking').getAttribute('open'), null);
  await page.click('.thinking summary');
  assert.match(await page.textContent('.thinking-text'), /8 of 384/);
  assert.match(await page.textContent('.stats'), /tok\/s.*tokens.*first after/);
  assert.match(await page.textContent('.meter'), /\/ 128k/);
  await page.locator('figure.code button').click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^\/\/\/ <summary>/);
  await assertFits(page);
  await page.evaluate(() => document.querySelector('.thread-scroll').scrollTo(0, 0));
  await shot(page, 'answer-light');
  await page.evaluate(() => document.querySelector('.thread-scroll').scrollTo(0, 99999));
  await shot(page, 'answer-end-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await shot(page, 'answer-end-dark');
  await page.reload();
  await page.click('.conversations .title');
  await page.waitForSelector('.prose table');
  await page.context().close();
});

await step('An edit makes a branch, regeneration another; the switches show each', async () => {
  const page = await open();
  await ask(page, 'A short one');
  await page.hover('.user');
  await page.click('.user button[title="Edit"]');
  await page.fill('.user textarea', 'Another short one');
  await shot(page, 'edit');
  await page.keyboard.press('Enter');
  await finished(page);
  await page.waitForSelector('.user .branch-count');
  assert.equal(await page.textContent('.user .branch-count'), '2 / 2');
  await page.click('.user button[title="Previous version"]');
  assert.equal(await page.textContent('.user .bubble'), 'A short one');
  await page.click('.turn button[title="Regenerate"]');
  await page.waitForSelector('.turn .branch-count');
  await finished(page);
  assert.equal(await page.textContent('.turn .branch-count'), '2 / 2');
  await page.focus('#message');
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.locator('.user textarea').inputValue(), 'A short one');
  await page.keyboard.press('Escape');
  await shot(page, 'branches');
  await page.context().close();
});

await step('Tools: the calculator runs in the page, another is answered by hand', async () => {
  const page = await open();
  await page.click('.composer button[title="Tools"]');
  await page.locator('.panel .switch').first().check();
  await page.click('text=Insert an example');
  assert.match(await page.textContent('.verdict'), /get_weather/);
  await shot(page, 'tools-panel');
  await page.keyboard.press('Escape');
  assert.equal(await page.textContent('.with-count .count'), '2');
  await say(page, 'The golden ratio and the weather, please');
  await page.waitForSelector('.tool[data-state="waiting"] textarea');
  assert.equal(await page.locator('.tool[data-state="done"]').count(), 1);
  await shot(page, 'tool-waiting');
  await page.fill('.tool textarea', '{"forecast": "clear", "low": -3}');
  await page.click('text=Send result');
  await page.waitForSelector('.turn .prose:has-text("1.618")');
  await finished(page);
  assert.match(await page.textContent('.turn'), /1\.618.*weather tool said/s);
  const sent = mock.state.requests.at(-1).messages;
  assert.deepEqual(sent.map(message => message.role), ['user', 'assistant', 'tool', 'tool']);
  assert.equal(sent[1].reasoning_content, 'Two things to look up.');
  assert.equal(sent[2].tool_call_id, 'functions.calculator:0');
  assert.equal(sent[2].content, '1.618033988749895');
  assert.equal(sent[1].tool_calls[1].function.arguments, '{"city": "Montréal", "days": 2}');
  await page.click('.tool >> nth=0');
  await shot(page, 'tool-done');
  await page.context().close();
});

await step('Esc stops a slow answer; what came is kept and can go on', async () => {
  const page = await open();
  await say(page, 'A slow one');
  await page.waitForFunction(() => document.querySelector('.prose')?.textContent.length > 60);
  assert.match(await page.textContent('.live'), /tok\/s/);
  await shot(page, 'writing');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.turn .stats');
  assert.match(await page.textContent('.stats'), /Stopped/);
  await ask(page, 'A short one');
  assert.equal(await page.locator('.turn').count(), 2);
  await page.context().close();
});

await step('A running answer goes on while another conversation is open', async () => {
  const page = await open();
  await say(page, 'A slow one');
  await page.waitForFunction(() => document.querySelector('.prose')?.textContent.length > 20);
  await page.keyboard.press('Control+k');
  await page.waitForSelector('.empty');
  await ask(page, 'A short one');
  await page.click('.conversations .title:has(.busy)');
  const length = await page.evaluate(() => document.querySelector('.prose').textContent.length);
  await page.waitForFunction(before => document.querySelector('.prose').textContent.length > before, length);
  await page.context().close();
});

await step('Prefill shows its progress', async () => {
  const page = await open();
  await say(page, 'A prefill please');
  await page.waitForFunction(() => /Reading [6-9],/.test(document.querySelector('.live')?.textContent ?? ''));
  await shot(page, 'prefill');
  assert.match(await page.textContent('.live'), /of 12,288 tokens.*tok\/s.*2,048 known already/);
  await finished(page);
  await say(page, 'Another prefill, stopped');
  await page.waitForFunction(() => /Reading/.test([...document.querySelectorAll('.live:not([hidden])')].at(-1)?.textContent ?? ''));
  await page.keyboard.press('Escape');
  await page.waitForSelector('.turn:last-child .stats:has-text("Stopped")');
  await page.context().close();
});

await step('Token probabilities on hover', async () => {
  const page = await open();
  await page.keyboard.press('Control+,');
  await page.locator('.toggle:has-text("Record token") .switch').check();
  await page.keyboard.press('Escape');
  await ask(page, 'A short one');
  await page.click('.turn button[title="Token probabilities"]');
  await page.hover('.token >> nth=2');
  assert.equal(await page.locator('.token-card li').count(), 5);
  await shot(page, 'tokens');
  await page.click('.turn button[aria-label="Token probabilities"]');
  await ask(page, 'Why so few weights?');
  for (const [selector, word] of [['.turn:last-child .prose p:has-text("experts of which") strong', 'route'], ['.turn:last-child .prose td >> text=Moonlight', 'Moonl'], ['.turn:last-child .prose li:has-text("results are")', 'The']]) {
    const target = page.locator(selector).last();
    await target.scrollIntoViewIfNeeded();
    await target.hover({ position: { x: 14, y: 9 } });
    await page.waitForSelector('.token-card:not([hidden])');
    assert.match(await page.textContent('.token-card:not([hidden]) .chosen'), new RegExp(word));
  }
  await shot(page, 'token-hover');
  await page.context().close();
});

await step('Errors say what happened and what helps', async () => {
  const page = await open();
  await say(page, 'Are you busy?');
  await page.waitForSelector('.failure');
  assert.match(await page.textContent('.failure'), /busy.*Try again in [12] s/s);
  await page.waitForSelector('.failure button:has-text("Try again"):not([disabled])');
  await say(page, 'This is too long');
  await page.waitForSelector('.failure:has-text("too long for the context")');
  await say(page, 'Be cut');
  await page.waitForSelector('.failure:has-text("connection was lost")');
  await page.click('.go-on');
  await page.waitForSelector('.prose:has-text("in the middle, and goes on to its end")');
  await finished(page);
  assert.equal(mock.state.requests.at(-1).messages.at(-1).partial, true);
  await say(page, 'It fails');
  await page.waitForSelector('.failure:has-text("A shard could not be read")');
  await shot(page, 'errors');
  await page.context().close();
});

await step('An API key is asked for, kept for the tab and used', async () => {
  const locked = await startMockServer({ key: 'secret' });
  const page = await open({ address: locked.address });
  await say(page, 'A short one');
  await page.click('.failure button:has-text("Open settings")');
  await page.fill('#api-key', 'secret');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  await page.click('.failure button:has-text("Try again")');
  await page.waitForSelector('.turn .stats');
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('secret')), false);
  await page.context().close();
  locked.close();
});

await step('Attachments: text comes along, other files are refused', async () => {
  const page = await open();
  await page.setInputFiles('.composer input[type=file]', [{ name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('# Notes\n\nsome ``` fences') }, { name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0, 1]) }]);
  await page.waitForSelector('.toast:has-text("photo.png is not a text file")');
  assert.equal(await page.locator('.composer .file').count(), 1);
  await shot(page, 'attachment');
  await ask(page, 'A short summary');
  assert.match(mock.state.requests.at(-1).messages[0].content, /^notes\.md\n````\n# Notes/);
  await page.context().close();
});

await step('Samplers, schema and system prompt reach the server; unset ones do not', async () => {
  const page = await open();
  await page.keyboard.press('Control+,');
  await page.fill('#slider-temperature', '0.4');
  await page.fill('#slider-seed', '7');
  await page.click('.chip:has-text("Brief")');
  await page.locator('.toggle:has-text("Answer in JSON") .switch').check();
  await page.fill('.panel textarea.code', '{"type":"object"}');
  await shot(page, 'settings-panel');
  await page.keyboard.press('Escape');
  await page.selectOption('.effort select', 'low');
  await ask(page, 'A short one');
  const body = mock.state.requests.at(-1);
  assert.equal(body.messages[0].role, 'system');
  assert.deepEqual([body.temperature, body.seed, body.top_p, body.reasoning_effort, body.stream_options, body.return_progress], [0.4, 7, undefined, 'low', { include_usage: true }, true]);
  assert.deepEqual(body.response_format, { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' }, strict: true } });
  await page.context().close();
});

await step('The model panel shows memory, and does without', async () => {
  const page = await open();
  await ask(page, 'A short one');
  await page.click('.model-name');
  await page.waitForSelector('.memory');
  assert.match(await page.textContent('.panel'), /43\.2\sGB.*551\sGB.*87\.1\s%.*5\.8\sGB\/s.*1 of 4 busy.*7\.4 tok\/s/s);
  await shot(page, 'model-panel');
  await page.context().close();
  const bare = await startMockServer({ bare: true });
  const poor = await open({ address: bare.address });
  await poor.click('.model-name');
  await poor.waitForSelector('.panel:has-text("does not report its memory")');
  await poor.context().close();
  bare.close();
});

await step('Export and import: the same conversation again; a hostile file is refused', async () => {
  const page = await open();
  await ask(page, 'A short one');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('.sidebar-foot button:has-text("Export")')]);
  const path = await download.path();
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).conversations.length, 1);
  await page.setInputFiles('.sidebar input[type=file]', { name: 'a.json', mimeType: 'application/json', buffer: readFileSync(path) });
  await page.waitForSelector('.toast:has-text("Imported: 1")');
  await page.waitForFunction(() => document.querySelectorAll('.conversations li').length === 2);
  await page.setInputFiles('.sidebar input[type=file]', { name: 'b.json', mimeType: 'application/json', buffer: Buffer.from('{"format":"crescent-conversations","version":1,"conversations":[{"messages":{"a":{"parent":"a"}}}]}') });
  await page.waitForSelector('.toast:has-text("Not imported")');
  await page.hover('.conversations li');
  await page.click('.conversations li button[title="Delete"] >> nth=0');
  await page.waitForFunction(() => document.querySelectorAll('.conversations li').length === 1);
  await page.click('.toast button');
  await page.waitForFunction(() => document.querySelectorAll('.conversations li').length === 2);
  await shot(page, 'imported');
  await page.context().close();
});

await step('Over plain HTTP from another machine, where browsers give less, everything works', async () => {
  const page = await open({ address: mock.address.replace('127.0.0.1', 'crescent.test') });
  assert.equal(await page.evaluate(() => globalThis.isSecureContext), false);
  await ask(page, 'Why so few weights?');
  await page.locator('figure.code button').click();
  await page.waitForSelector('figure.code button[title="Copied"]');
  await page.context().close();
});

await step('The address leads to the conversation: reload, back and forward', async () => {
  const page = await open();
  await ask(page, 'A short one');
  await page.keyboard.press('Control+k');
  await ask(page, 'Another short one');
  await page.reload();
  await page.waitForSelector('.bubble:has-text("Another")');
  await page.goBack();
  await page.goBack();
  await page.waitForSelector('.bubble:has-text("A short one")');
  await page.goForward();
  await page.waitForSelector('.empty');
  await page.context().close();
});

await step('Model text never becomes markup', async () => {
  const page = await open();
  await ask(page, 'Be hostile');
  assert.equal(await page.locator('.prose img, .prose script, .prose a').count(), 0);
  assert.match(await page.title(), /Crescent/);
  await page.context().close();
});

await step('An answer that the closed page interrupted can go on; a spoilt schema is named', async () => {
  const page = await open();
  await say(page, 'A slow one');
  await page.waitForFunction(() => document.querySelector('.prose')?.textContent.length > 40);
  await page.waitForTimeout(2300);
  await page.reload();
  await page.click('.conversations .title');
  await page.waitForSelector('.failure:has-text("connection was lost")');
  await page.click('.go-on');
  await page.waitForSelector('.prose:has-text("goes on to its end")');
  await finished(page);
  assert.equal(await page.locator('.failure').count(), 0);
  await page.keyboard.press('Control+,');
  await page.locator('.toggle:has-text("Answer in JSON") .switch').check();
  await page.fill('.panel textarea.code', '{broken');
  await page.keyboard.press('Escape');
  await say(page, 'A short one');
  await page.waitForSelector('.failure:has-text("A setting is not valid")');
  await page.context().close();
});

await step('Themes and French', async () => {
  const page = await open();
  await page.click('.topbar .theme');
  await page.click('.topbar .theme');
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
  await shot(page, 'empty-dark');
  await page.keyboard.press('Control+,');
  await page.locator('.choice:has-text("Language") select').selectOption('fr');
  await page.waitForSelector('.panel:has-text("Échantillonnage")');
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
  await shot(page, 'settings-french-dark');
  await page.keyboard.press('Escape');
  await ask(page, 'Un week-end à Montréal');
  await shot(page, 'french-dark');
  await page.keyboard.press('Control+/');
  await page.waitForSelector('dialog[open]');
  await shot(page, 'help-dark');
  await page.context().close();
  const browserFrench = await open({ locale: 'fr-CA' });
  assert.match(await browserFrench.textContent('.empty'), /À quoi|Qu’est-ce/);
  await browserFrench.context().close();
});

await step('Phone width: nothing overflows; the drawer opens and closes', async () => {
  const page = await open({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await assertFits(page);
  await shot(page, 'phone-empty');
  await ask(page, 'Why so few weights?');
  await assertFits(page);
  await shot(page, 'phone-answer');
  await page.evaluate(() => document.querySelector('.thread-scroll').scrollTo(0, 0));
  await shot(page, 'phone-answer-top');
  await page.click('.topbar button >> nth=0');
  await assertFits(page);
  await shot(page, 'phone-drawer');
  await page.click('.close-menu');
  await page.click('.topbar button[title="Settings"]');
  await assertFits(page);
  await shot(page, 'phone-settings');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.click('.panel-head button[title="Close"]');
  await shot(page, 'phone-dark');
  await page.context().close();
});

await step('No rule of accessibility is broken, in day and night', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await open({ colorScheme, bypassCSP: true });
    const check = async () => {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.target).join(' ')}`), []);
    };
    await check();
    await page.click('.composer button[title="Tools"]');
    await page.locator('.panel .switch').first().check();
    await page.click('text=Insert an example');
    await check();
    await page.click('[data-tab="settings"]');
    await check();
    await page.click('[data-tab="model"]');
    await page.waitForSelector('.memory');
    await check();
    await page.keyboard.press('Escape');
    await say(page, 'The golden ratio and the weather');
    await page.waitForSelector('.tool textarea');
    await check();
    await page.keyboard.press('Control+k');
    await ask(page, 'Why so few weights?');
    await page.click('.thinking summary');
    await ask(page, 'Are you busy?');
    await check();
    await page.keyboard.press('Control+/');
    await check();
    await page.context().close();
  }
});

await step('No network: everything comes from the server itself, even a long stall', async () => {
  const page = await open();
  await page.context().setOffline(true);
  await say(page, 'A short one');
  await page.waitForSelector('.failure:has-text("does not answer")');
  await page.context().setOffline(false);
  await page.click('.failure button');
  await page.waitForSelector('.turn .stats');
  await page.context().close();
});

await browser.close();
mock.close();
writeFileSync(join(folder, 'result.txt'), `${passed} passed, ${failed} failed\n`);
console.log(`${passed} passed, ${failed} failed; screenshots in ${folder}`);
process.exitCode = failed ? 1 : 0;
