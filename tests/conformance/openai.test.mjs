// OpenAI's own client, chat completions.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { startServer, long, untilIdle } from './server.mjs';

let server;
let client;
const ask = { model: 'tiny', max_tokens: 24, temperature: 0, messages: [{ role: 'user', content: 'Once upon a time' }] };
const city = { type: 'object', properties: { city: { enum: ['Bern', 'Zürich'] }, days: { type: 'integer', minimum: 1, maximum: 9 } }, required: ['city', 'days'], additionalProperties: false };
const weather = { type: 'function', function: { name: 'weather', description: 'Tells the weather', parameters: city } };
const now = { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {}, additionalProperties: false } } };
const called = { ...ask, max_tokens: 400, tools: [weather, now], tool_choice: 'required', temperature: 1, seed: 3 };

before(async () => {
  server = await startServer({ synthetic: 'tiny-kimi-k2' });
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
});
after(() => server?.stop());

function assertCalls(calls) {
  calls.forEach((call, index) => {
    assert.equal(call.id, `functions.${call.function.name}:${index}`);
    const given = JSON.parse(call.function.arguments);
    if (call.function.name === 'now') {
      assert.deepEqual(given, {});
      return;
    }

    assert.equal(call.function.name, 'weather');
    assert.deepEqual(Object.keys(given), ['city', 'days']);
    assert.ok(['Bern', 'Zürich'].includes(given.city));
    assert.ok(Number.isInteger(given.days) && given.days >= 1 && given.days <= 9);
  });
}

test('plain', async () => {
  const completion = await client.chat.completions.create(ask);
  assert.equal(completion.object, 'chat.completion');
  assert.match(completion.id, /^chatcmpl-/);
  assert.equal(completion.choices[0].finish_reason, 'length');
  assert.equal(completion.choices[0].message.role, 'assistant');
  assert.ok(completion.choices[0].message.content.length > 0);
  assert.equal(completion.usage.completion_tokens, 24);
});

test('streamed equals plain, with usage where it is asked for', async () => {
  const plain = await client.chat.completions.create(ask);
  let text = '';
  let usage = null;
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }

  assert.equal(text, plain.choices[0].message.content);
  assert.equal(usage.completion_tokens, 24);
});

test('the stream helper puts the completion together', async () => {
  const plain = await client.chat.completions.create(ask);
  const final = await client.chat.completions.stream(ask).finalChatCompletion();
  assert.equal(final.choices[0].message.content, plain.choices[0].message.content);
  assert.equal(final.choices[0].finish_reason, 'length');
});

test('no call where the choice is none', async () => {
  const { message, finish_reason } = (await client.chat.completions.create({ ...called, max_tokens: 24, tool_choice: 'none' })).choices[0];
  assert.equal(message.tool_calls, undefined);
  assert.notEqual(finish_reason, 'tool_calls');
});

test('one call where they may not be parallel', async () => {
  for (let seed = 0; seed < 8; seed++) {
    const { message, finish_reason } = (await client.chat.completions.create({ ...called, seed, parallel_tool_calls: false })).choices[0];
    assert.equal(finish_reason, 'tool_calls');
    assert.equal(message.content, null);
    assert.equal(message.tool_calls.length, 1);
    assertCalls(message.tool_calls);
  }
});

test('the named tool is called', async () => {
  const { message } = (await client.chat.completions.create({ ...called, tool_choice: { type: 'function', function: { name: 'now' } } })).choices[0];
  assert.ok(message.tool_calls.every((call) => call.function.name === 'now'));
  assertCalls(message.tool_calls);
});

test('two calls and more, the same streamed', async () => {
  let most = 0;
  for (let seed = 0; seed < 12; seed++) {
    const plain = (await client.chat.completions.create({ ...called, seed })).choices[0];
    const streamed = (await client.chat.completions.stream({ ...called, seed }).finalChatCompletion()).choices[0];
    assertCalls(plain.message.tool_calls);
    assert.deepEqual(streamed.message.tool_calls.map(({ id, function: { name, arguments: text } }) => [id, name, text]), plain.message.tool_calls.map(({ id, function: { name, arguments: text } }) => [id, name, text]));
    assert.equal(streamed.finish_reason, 'tool_calls');
    most = Math.max(most, plain.message.tool_calls.length);
  }

  assert.ok(most >= 2);
});

test('runTools calls the functions and sends their results', async () => {
  const results = [];
  const runner = client.chat.completions.runTools({
    ...called,
    tool_choice: { type: 'function', function: { name: 'now' } },
    tools: [{ type: 'function', function: { ...now.function, function: () => results.push('noon') && 'noon', parse: JSON.parse } }],
  });
  await runner.finalChatCompletion();
  assert.ok(results.length >= 1);
  assert.equal(runner.messages.filter((message) => message.role === 'tool').length, results.length);
});

test('json_object', async () => {
  const { message, finish_reason } = (await client.chat.completions.create({ ...ask, max_tokens: 200, response_format: { type: 'json_object' } })).choices[0];
  assert.equal(finish_reason, 'stop');
  assert.equal(typeof JSON.parse(message.content), 'object');
});

test('json_schema, parsed by the client', async () => {
  const completion = await client.chat.completions.parse({ ...ask, max_tokens: 200, temperature: 1, seed: 5, response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: city } } });
  const { parsed } = completion.choices[0].message;
  assert.ok(['Bern', 'Zürich'].includes(parsed.city) && parsed.days >= 1 && parsed.days <= 9);
});

test('n', async () => {
  const { choices, usage } = await client.chat.completions.create({ ...ask, n: 3, temperature: 1, seed: 1 });
  assert.deepEqual(choices.map((choice) => choice.index), [0, 1, 2]);
  assert.equal(new Set(choices.map((choice) => choice.message.content)).size, 3);
  assert.ok(usage.completion_tokens > 24);
});

test('logprobs', async () => {
  const { logprobs } = (await client.chat.completions.create({ ...ask, logprobs: true, top_logprobs: 3 })).choices[0];
  assert.equal(logprobs.content.length, 24);
  for (const token of logprobs.content) {
    assert.equal(token.top_logprobs.length, 3);
    assert.equal(token.top_logprobs[0].logprob, token.logprob);
    assert.ok(token.logprob <= 0);
  }
});

test('stop strings are cut off', async () => {
  const plain = (await client.chat.completions.create(ask)).choices[0].message.content;
  const stop = plain.slice(4, 8);
  const { message, finish_reason } = (await client.chat.completions.create({ ...ask, stop: [stop] })).choices[0];
  assert.equal(finish_reason, 'stop');
  assert.equal(message.content, plain.slice(0, plain.indexOf(stop)));
});

test('an abort ends the answer', async () => {
  const stream = await client.chat.completions.create({ ...ask, max_tokens: 4000, stream: true, logit_bias: {} });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) {
      stream.controller.abort();
      break;
    }
  }

  await untilIdle(server);
});

test('models', async () => {
  assert.deepEqual((await client.models.list()).data.map((model) => model.id), ['tiny']);
  await assert.rejects(client.models.retrieve('none'), OpenAI.NotFoundError);
});

test('400 names the field', async () => {
  await assert.rejects(client.chat.completions.create({ ...ask, temperature: 3 }), (error) => error instanceof OpenAI.BadRequestError && error.type === 'invalid_request_error' && error.param === 'temperature');
  await assert.rejects(client.chat.completions.create({ ...ask, tool_choice: 'required' }), (error) => error.status === 400 && error.param === 'tool_choice');
});

test('400 for a prompt that is too long, streamed too', async () => {
  for (const stream of [false, true]) {
    await assert.rejects(client.chat.completions.create({ ...ask, stream, messages: [{ role: 'user', content: long }] }), (error) => error.status === 400 && error.code === 'context_length_exceeded');
  }
});

test('400 where the answer that is asked for has no room', async () => {
  await assert.rejects(client.chat.completions.create({ ...called, max_tokens: 2 }), (error) => error.status === 400 && /needs \d+ tokens/.test(error.message));
});

test('401 without a known key', async () => {
  await assert.rejects(new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'wrong', maxRetries: 0 }).chat.completions.create(ask), OpenAI.AuthenticationError);
});
