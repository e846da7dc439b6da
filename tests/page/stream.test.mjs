import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser, events } from '../../src/Crescent.Server/Page/js/sse.js';
import { Answer } from '../../src/Crescent.Server/Page/js/answer.js';
import { failureFrom, failureOf } from '../../src/Crescent.Server/Page/js/failure.js';
import { samples } from '../../src/Crescent.Server/Page/js/api.js';
import { calculate } from '../../src/Crescent.Server/Page/js/calculator.js';
import { activeTools, parseTools, runTool } from '../../src/Crescent.Server/Page/js/tools.js';

test('Events survive any cut, pings, carriage returns and several blank lines', async () => {
  const bytes = new TextEncoder().encode(': ping\r\n\r\ndata: {"a":"é"}\r\n\r\n\r\ndata: two\ndata: lines\n\ndata: [DONE]\n\n');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.slice(0, cut));
        controller.enqueue(bytes.slice(cut));
        controller.close();
      },
    });
    const found = [];
    for await (const data of events(stream)) found.push(data);
    assert.deepEqual(found, ['{"a":"é"}', 'two\nlines', '[DONE]'], `cut at ${cut}`);
  }
  assert.deepEqual(new EventParser().push('data:x\n\n'), ['x']);
});

test('An answer gathers thinking, text, calls in pieces and figures', () => {
  let now = 0;
  const answer = new Answer({ role: 'assistant', content: '' }, () => (now += 100));
  const delta = (fields, more = {}) => answer.take({ choices: [{ index: 0, delta: fields, ...more }] });
  answer.take({ choices: [], prompt_progress: { total: 10, cache: 2, processed: 5, time_ms: 7 } });
  assert.equal(answer.progress.processed, 5);
  delta({ role: 'assistant', content: '' });
  delta({ reasoning_content: 'Hm' });
  assert.equal(answer.progress, null);
  delta({ content: 'Yes' }, { logprobs: { content: [{ token: 'Yes', logprob: -0.1, top_logprobs: [{ token: 'No', logprob: -2 }] }] } });
  delta({ tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '' } }] });
  delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }] });
  delta({ tool_calls: [{ index: 0, id: 'other', function: { arguments: ':1}' } }] });
  delta({}, { finish_reason: 'tool_calls' });
  answer.take({
    choices: [],
    usage: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 2 } },
    timings: { predicted_per_second: 12.5 },
  });
  const message = answer.finish();
  assert.equal(message.reasoning, 'Hm');
  assert.equal(message.content, 'Yes');
  assert.deepEqual(message.toolCalls, [
    { id: 'a', name: 'f', arguments: '{"x":1}' },
    { id: 'b', name: 'g', arguments: '' },
  ]);
  assert.deepEqual(message.tokens, [['Yes', -0.1, [['No', -2]]]]);
  assert.equal(message.finish, 'tool_calls');
  assert.ok(message.reasoningMs > 0);
  assert.deepEqual([message.stats.tokens, message.stats.prompt, message.stats.cached, message.stats.rate], [5, 10, 2, 12.5]);
});

test('A character that tokens split is borne by the last of them', () => {
  const answer = new Answer({ content: '' });
  const logprobs = { content: [[104], [0xc3], [0xa9], [0x21]].map(bytes => ({ token: '\ufffd', logprob: 0, bytes, top_logprobs: [] })) };
  answer.take({ choices: [{ delta: { content: 'hé!' }, logprobs }] });
  assert.deepEqual(
    answer.finish().tokens.map(token => token[0]),
    ['h', '', 'é', '!']
  );
});

test('Thinking that said nothing stays an empty text', () => {
  const answer = new Answer({ content: '' });
  answer.take({ choices: [{ delta: { reasoning_content: '' } }] });
  assert.equal(answer.finish().reasoning, '');
});

test('Errors are told apart', async () => {
  const failure = (status, body, headers) => failureOf(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers }));
  assert.equal((await failure(429, { error: { message: 'slow' } }, { 'Retry-After': '7' })).retryAfterSeconds, 7);
  assert.equal((await failure(400, { error: { message: 'too long', code: 'context_length_exceeded' } })).kind, 'context');
  assert.equal((await failure(400, { error: { message: 'temperature must be…' } })).kind, 'refused');
  assert.equal((await failure(503, { error: { code: 503, message: 'Loading model' } })).kind, 'loading');
  assert.equal((await failure(401, 'nope')).kind, 'key');
  assert.equal((await failure(502, '<html>bad gateway</html>')).kind, 'broken');
  assert.equal(failureFrom({ message: 'x' }).kind, 'broken');
});

test('Metrics are summed over labels', () => {
  assert.deepEqual(samples('# HELP a b\na:b_total 3\nx{l="1"} 2\nx{l="2"} 5e-1\nbad NaN\n'), { 'a:b_total': 3, x: 2.5 });
});

test('The calculator knows precedence, functions and where an expression is wrong', () => {
  for (const [expression, value] of [
    ['1+2*3', 7],
    ['2^3^2', 512],
    ['-2^2', -4],
    ['(1+sqrt(5))/2', (1 + Math.sqrt(5)) / 2],
    ['max(1, 2, 3) % 2', 1],
    ['2*pi', 2 * Math.PI],
    ['1.5e3', 1500],
    ['2**-1', 0.5],
  ])
    assert.equal(calculate(expression), value, expression);
  for (const expression of ['', '1+', '(1', '1 2', 'alert(1)', 'constructor', 'toString()', '__proto__(1)', '('.repeat(500)])
    assert.throws(() => calculate(expression), SyntaxError, expression);
});

test('Tools: definitions are checked, built-in ones run, others are left to the user', async () => {
  assert.equal(parseTools('{"name":"f","parameters":{"type":"object"}}')[0].function.name, 'f');
  for (const text of ['{', '[{"name":"a b"}]', '[{"name":"f"},{"name":"f"}]', '[{"name":"f","parameters":[]}]', 'null', '[1]'])
    assert.throws(() => parseTools(text), undefined, text);
  const settings = { builtInTools: { calculator: true }, toolsText: '[{"name":"f"}]' };
  assert.deepEqual(
    activeTools(settings).map(tool => tool.function.name),
    ['calculator', 'f']
  );
  assert.equal((await runTool({ name: 'calculator', arguments: '{"expression":"6*7"}' }, settings)).content, '42');
  assert.equal((await runTool({ name: 'calculator', arguments: '{"expression":"6*"}' }, settings)).failed, true);
  assert.equal((await runTool({ name: 'calculator', arguments: '{broken' }, settings)).failed, true);
  assert.equal(await runTool({ name: 'f', arguments: '{}' }, settings), null);
  assert.equal(await runTool({ name: 'current_date', arguments: '' }, settings), null);
});
