import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { endToken, long, startServer, untilIdle } from './server.mjs';

let server;
let client;
const ask = { model: 'tiny', input: 'Once upon a time', max_output_tokens: 24, temperature: 0 };
const tools = [{ type: 'function', name: 'weather', description: 'Tells the weather', strict: false, parameters: { type: 'object', properties: { city: { type: 'string' } } } }];

before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
});
after(() => server.stop());

test('plain', async () => {
  const response = await client.responses.create(ask);
  assert.match(response.id, /^resp_/);
  assert.equal(response.status, 'incomplete');
  assert.equal(response.incomplete_details.reason, 'max_output_tokens');
  assert.ok(response.output_text.length > 0);
  assert.equal(response.usage.output_tokens, 24);
  assert.equal(response.error, null);
});

test('streamed equals plain', async () => {
  const plain = await client.responses.create(ask);
  const types = [];
  let text = '';
  let next = 0;
  for await (const event of await client.responses.create({ ...ask, stream: true })) {
    assert.equal(event.sequence_number, next++);
    text += event.type === 'response.output_text.delta' ? event.delta : '';
    if (types.at(-1) !== event.type) {
      types.push(event.type);
    }
  }

  assert.equal(text, plain.output_text);
  assert.deepEqual(types, [
    'response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added', 'response.output_text.delta',
    'response.output_text.done', 'response.content_part.done', 'response.output_item.done', 'response.incomplete',
  ]);
});

test('the stream helper puts the response together', async () => {
  const plain = await client.responses.create(ask);
  const final = await client.responses.stream(ask).finalResponse();
  assert.equal(final.output[0].content[0].text, plain.output_text);
});

test('an answer that ends by itself is complete, helper or not', async () => {
  const ends = { ...ask, logit_bias: { [await endToken(server)]: 100 } };
  const plain = await client.responses.create(ends);
  assert.equal(plain.status, 'completed');
  assert.equal(plain.incomplete_details, null);
  const final = await client.responses.stream(ends).finalResponse();
  assert.equal(final.status, 'completed');
  assert.equal(final.usage.output_tokens, plain.usage.output_tokens);
});

test('a response goes on from the one before, and is kept until it is deleted', async () => {
  const first = await client.responses.create({ ...ask, instructions: 'Tell.' });
  const next = await client.responses.create({ ...ask, input: 'And then?', previous_response_id: first.id });
  assert.equal(next.previous_response_id, first.id);
  assert.ok(next.usage.input_tokens > first.usage.input_tokens);
  assert.deepEqual(JSON.parse(JSON.stringify(await client.responses.retrieve(first.id))), JSON.parse(JSON.stringify(first)));
  await client.responses.delete(first.id);
  await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
  await assert.rejects(client.responses.create({ ...ask, previous_response_id: first.id }), (error) => error.status === 400 && error.code === 'previous_response_not_found');
});

test('items, tools and their outputs are taken', async () => {
  const response = await client.responses.create({
    ...ask,
    tools,
    tool_choice: 'auto',
    store: false,
    reasoning: { effort: 'low' },
    include: ['reasoning.encrypted_content'],
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'Rain' },
    ],
  });
  assert.equal(response.store, false);
  assert.deepEqual(response.tools, tools);
  assert.equal(response.usage.output_tokens, 24);
});

test('tokens are counted', async () => {
  const { input_tokens } = await client.responses.inputTokens.count({ model: 'tiny', input: ask.input });
  assert.equal(input_tokens, (await client.responses.create(ask)).usage.input_tokens);
});

test('400 for a wrong field, and for a prompt that is too long', async () => {
  await assert.rejects(client.responses.create({ ...ask, max_output_tokens: -1 }), (error) => error instanceof OpenAI.BadRequestError && error.param === 'max_output_tokens');
  for (const stream of [false, true]) {
    await assert.rejects(client.responses.create({ ...ask, stream, input: long }), (error) => error.status === 400 && error.code === 'context_length_exceeded');
  }
});

test('401 without a known key', async () => {
  const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
  await assert.rejects(stranger.responses.create(ask), (error) => error instanceof OpenAI.AuthenticationError && error.code === 'invalid_api_key');
});

test('404 for what is not there', async () => {
  await assert.rejects(client.responses.retrieve('resp_none'), OpenAI.NotFoundError);
  await assert.rejects(client.models.retrieve('none'), (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found');
});

test('an abort ends the answer', async () => {
  const stream = await client.responses.create({ ...ask, max_output_tokens: 400, stream: true });
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') {
      stream.controller.abort();
    }
  }

  await untilIdle(server);
});
