// The page around the conversation.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import { startMockServer } from './mock-server.mjs';
import { ask, assertFits, mock, open, say, shot, step } from './browser.mjs';

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
  await page.setInputFiles('.composer input[type=file]', [
    { name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('# Notes\n\nsome ``` fences') },
    { name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0, 1]) },
  ]);
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
  assert.match(await page.textContent('.system-note'), /Answer briefly/);
  await page.locator('.toggle:has-text("Answer in JSON") .switch').check();
  await page.fill('.panel textarea.code', '{"type":"object"}');
  await shot(page, 'settings-panel');
  await page.keyboard.press('Escape');
  await page.selectOption('.effort select', 'low');
  await ask(page, 'A short one');
  const body = mock.state.requests.at(-1);
  assert.equal(body.messages[0].role, 'system');
  assert.deepEqual(
    [body.temperature, body.seed, body.top_p, body.reasoning_effort, body.stream_options, body.return_progress],
    [0.4, 7, undefined, 'low', { include_usage: true }, true]
  );
  assert.deepEqual(body.response_format, { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' }, strict: true } });
  await page.context().close();
});

await step('The open settings follow to another conversation', async () => {
  const page = await open();
  await ask(page, 'A short one');
  await page.keyboard.press('Control+,');
  await page.fill('.panel textarea', 'For this one');
  await page.waitForTimeout(600);
  await page.click('.new');
  await page.fill('.panel textarea', 'For the next');
  await page.click('.conversations .title');
  await page.waitForSelector('.system-note:has-text("For this one")');
  assert.equal(await page.inputValue('.panel textarea'), 'For this one');
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
  await page.setInputFiles('.sidebar input[type=file]', {
    name: 'b.json',
    mimeType: 'application/json',
    buffer: Buffer.from('{"format":"crescent-conversations","version":1,"conversations":[{"messages":{"a":{"parent":"a"}}}]}'),
  });
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
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.target).join(' ')}`),
        []
      );
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
