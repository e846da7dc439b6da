// Drives the page in a real Chromium against `crescent serve` with a synthetic model: npm ci, then node drive-server.mjs [folder for screenshots]
// The built crescent is taken from artifacts, or from $CRESCENT.
import assert from 'node:assert/strict';
import { ask, assertFits, end, finished, open, say, shot, step } from './browser.mjs';
import { startServer } from '../conformance/server.mjs';

const server = await startServer({ synthetic: 'tiny-kimi-k2' });
const openPage = async () => {
  const page = await open({ address: `${server.url}/` });
  await page.keyboard.press('Control+,');
  await page.fill('#api-key', server.key);
  await page.fill('#slider-max_tokens', '60');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  return page;
};

await step('A conversation', async () => {
  const page = await openPage();
  await ask(page, 'Why is the moon a crescent?');
  await ask(page, 'And then?');
  assert.equal(await page.locator('.turn').count(), 2);
  assert.match(await page.textContent('.turn:last-child .stats'), /tok\/s.*60 tokens/);
  await assertFits(page);
  await shot(page, 'server-conversation');
  await page.context().close();
});

await step('An edit makes a branch', async () => {
  const page = await openPage();
  await ask(page, 'A short one');
  await page.hover('.user');
  await page.click('.user button[title="Edit"]');
  await page.fill('.user textarea', 'Another one');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.user .branch-count');
  await finished(page);
  assert.equal(await page.textContent('.user .branch-count'), '2 / 2');
  await shot(page, 'server-branch');
  await page.context().close();
});

await step('Esc stops an answer', async () => {
  const page = await openPage();
  await page.keyboard.press('Control+,');
  await page.fill('#slider-max_tokens', '4000');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  await say(page, 'A long one');
  await page.waitForFunction(() => document.querySelector('.prose')?.textContent.length > 60);
  await page.keyboard.press('Escape');
  await page.waitForSelector('.turn .stats:has-text("Stopped")');
  await shot(page, 'server-stopped');
  await page.context().close();
});

await step('A bound call is shown and answered by hand', async () => {
  const page = await openPage();
  let sent;
  // The page lets the model choose; this one knows no tools, so its first turn is made to call.
  await page.route('**/v1/chat/completions', route => {
    sent = route.request().postDataJSON();
    const isFirst = sent.messages.at(-1).role === 'user';
    const bound = { tool_choice: { type: 'function', function: { name: 'set_moon' } }, parallel_tool_calls: false };
    return route.continue({ postData: JSON.stringify(isFirst ? { ...sent, ...bound } : sent) });
  });
  await page.click('.composer button[title="Tools"]');
  const parameters = { type: 'object', properties: { phase: { enum: ['new', 'full'] }, day: { type: 'integer', minimum: 1, maximum: 28 } }, required: ['phase', 'day'], additionalProperties: false };
  await page.fill('.panel textarea', JSON.stringify([{ type: 'function', function: { name: 'set_moon', parameters } }]));
  assert.match(await page.textContent('.verdict'), /set_moon/);
  await page.keyboard.press('Escape');
  await say(page, 'Set the moon');
  await page.waitForSelector('.tool[data-state="waiting"] textarea');
  await shot(page, 'server-call');
  await page.fill('.tool textarea', 'done');
  // The first turn has its figures already: the second request must have begun.
  await Promise.all([page.waitForResponse('**/v1/chat/completions'), page.click('text=Send result')]);
  await page.waitForFunction(() => document.querySelector('.turn:last-child .stats')?.textContent.includes('tok'));
  await finished(page);
  assert.deepEqual(sent.messages.map(message => message.role), ['user', 'assistant', 'tool']);
  assert.equal(sent.messages[2].tool_call_id, 'functions.set_moon:0');
  const given = JSON.parse(sent.messages[1].tool_calls[0].function.arguments);
  assert.ok(['new', 'full'].includes(given.phase) && given.day >= 1 && given.day <= 28);
  await shot(page, 'server-call-answered');
  await page.context().close();
});

await step('The model panel shows the server', async () => {
  const page = await openPage();
  await page.click('.model-name');
  await page.waitForSelector('.panel:has-text("Tokens so far")');
  await shot(page, 'server-model');
  await page.context().close();
});

await end();
await server.stop();
