import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { endToken, long, startServer, untilIdle } from './server.mjs';

let server;
let client;
const ask = { model: 'tiny', max_tokens: 24, temperature: 0, messages: [{ role: 'user', content: 'Once upon a time' }] };
const tools = [{ name: 'weather', description: 'Tells the weather', input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }];

before(async () => {
  server = await startServer();
  client = new Anthropic({ baseURL: server.url, apiKey: server.key, authToken: null, maxRetries: 0 });
});
after(() => server.stop());

test('plain', async () => {
  const message = await client.messages.create(ask);
  assert.equal(message.type, 'message');
  assert.equal(message.role, 'assistant');
  assert.match(message.id, /^msg_/);
  assert.equal(message.stop_reason, 'max_tokens');
  assert.equal(message.content[0].type, 'text');
  assert.ok(message.content[0].text.length > 0);
  assert.equal(message.usage.output_tokens, 24);
  assert.match(message._request_id, /^req_/);
});

test('streamed equals plain', async () => {
  const plain = await client.messages.create(ask);
  const stream = client.messages.stream(ask);
  let text = '';
  stream.on('text', (piece) => (text += piece));
  const final = await stream.finalMessage();
  assert.equal(text, plain.content[0].text);
  assert.deepEqual(final.content.map(({ type, text }) => ({ type, text })), plain.content);
  assert.equal(final.stop_reason, plain.stop_reason);
  assert.equal(final.usage.output_tokens, 24);
});

test('raw events come in order', async () => {
  const types = [];
  for await (const event of await client.messages.create({ ...ask, stream: true })) {
    if (types.at(-1) !== event.type) {
      types.push(event.type);
    }
  }

  assert.deepEqual(types, ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']);
});

test('an answer that ends by itself ends its turn', async () => {
  const message = await client.messages.create({ ...ask, logit_bias: { [await endToken(server)]: 100 } });
  assert.equal(message.stop_reason, 'end_turn');
  assert.equal(message.stop_sequence, null);
});

test('a Bearer token is a key too', async () => {
  const bearer = new Anthropic({ baseURL: server.url, apiKey: null, authToken: server.key, maxRetries: 0 });
  assert.equal((await bearer.messages.create({ ...ask, max_tokens: 1 })).usage.output_tokens, 1);
});

test('a stop sequence is cut off and named', async () => {
  const plain = (await client.messages.create(ask)).content[0].text;
  const stop = plain.slice(4, 8);
  const message = await client.messages.create({ ...ask, stop_sequences: [stop] });
  assert.equal(message.stop_reason, 'stop_sequence');
  assert.equal(message.stop_sequence, stop);
  assert.equal(message.content[0]?.text ?? '', plain.slice(0, plain.indexOf(stop)));
});

test('system, thinking, tools and their results are taken', async () => {
  const message = await client.messages.create({
    ...ask,
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    thinking: { type: 'disabled' },
    tools,
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    messages: [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'Ask.', signature: 'x' }, { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bern' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Rain' }, { type: 'text', text: 'So?' }] },
    ],
  });
  assert.equal(message.usage.output_tokens, 24);
});

test('tokens are counted', async () => {
  const { input_tokens } = await client.messages.countTokens({ model: 'tiny', messages: ask.messages });
  const { usage } = await client.messages.create({ ...ask, max_tokens: 1 });
  assert.equal(input_tokens, usage.input_tokens + usage.cache_read_input_tokens);
  const more = await client.messages.countTokens({ model: 'tiny', messages: ask.messages, tools });
  assert.ok(more.input_tokens > input_tokens);
});

test('400 for a wrong field', async () => {
  await assert.rejects(client.messages.create({ ...ask, max_tokens: 0 }), (error) => {
    assert.ok(error instanceof Anthropic.BadRequestError);
    assert.equal(error.error.type, 'error');
    assert.equal(error.error.error.type, 'invalid_request_error');
    assert.match(error.error.error.message, /^max_tokens/);
    assert.match(error.requestID, /^req_/);
    return true;
  });
});

test('400 for a prompt that is too long, streamed too', async () => {
  for (const stream of [false, true]) {
    await assert.rejects(client.messages.create({ ...ask, stream, messages: [{ role: 'user', content: long }] }), (error) => error instanceof Anthropic.BadRequestError && /prompt is too long/.test(error.message));
  }
});

test('401 without a known key', async () => {
  const stranger = new Anthropic({ baseURL: server.url, apiKey: 'wrong', maxRetries: 0 });
  await assert.rejects(stranger.messages.create(ask), (error) => error instanceof Anthropic.AuthenticationError && error.error.error.type === 'authentication_error');
});

test('models are listed, 404 for one that is not there', async () => {
  const ids = [];
  for await (const model of client.models.list()) {
    ids.push(model.id);
  }

  assert.deepEqual(ids, ['tiny']);
  await assert.rejects(client.models.retrieve('none'), (error) => error instanceof Anthropic.NotFoundError && error.error.error.type === 'not_found_error');
});

test('an abort ends the answer', async () => {
  const stream = client.messages.stream({ ...ask, max_tokens: 400 });
  stream.on('text', () => stream.abort());
  await assert.rejects(stream.done(), Anthropic.APIUserAbortError);
  await untilIdle(server);
});
