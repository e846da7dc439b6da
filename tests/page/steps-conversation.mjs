// What happens within a conversation.
import assert from 'node:assert/strict';
import { ask, assertFits, finished, mock, open, say, shot, step } from './browser.mjs';

await step('A conversation: Markdown, formulas, code, thinking that folds, figures', async () => {
  const page = await open();
  await shot(page, 'empty-light');
  await ask(page, 'Why does a mixture of experts need so few of its weights?');
  assert.equal((await page.locator('.prose math').count()) > 6, true);
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
  assert.deepEqual(
    sent.map(message => message.role),
    ['user', 'assistant', 'tool', 'tool']
  );
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
  for (const [selector, word] of [
    ['.turn:last-child .prose p:has-text("experts of which") strong', 'route'],
    ['.turn:last-child .prose td >> text=Moonlight', 'Moonl'],
    ['.turn:last-child .prose li:has-text("results are")', 'The'],
  ]) {
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
