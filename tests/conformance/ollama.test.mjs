import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ollama } from 'ollama';
import { long, startServer, untilIdle } from './server.mjs';

let server;
let client;
const ask = { model: 'tiny', messages: [{ role: 'user', content: 'Once upon a time' }], options: { num_predict: 24, temperature: 0 } };
const tools = [{ type: 'function', function: { name: 'weather', description: 'Tells the weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];

before(async () => {
  server = await startServer();
  client = withKey(server.key);
});
after(() => server.stop());

const withKey = (key) => new Ollama({ host: server.url, headers: { Authorization: `Bearer ${key}` } });
const status = (code, words) => (error) => error.status_code === code && words.test(error.error);

test('plain', async () => {
  const reply = await client.chat(ask);
  assert.equal(reply.model, 'tiny');
  assert.equal(reply.message.role, 'assistant');
  assert.ok(reply.message.content.length > 0);
  assert.equal(reply.done, true);
  assert.equal(reply.done_reason, 'length');
  assert.equal(reply.eval_count, 24);
  assert.ok(reply.eval_duration > 0 && reply.total_duration >= reply.eval_duration);
  assert.ok(!Number.isNaN(Date.parse(reply.created_at)));
});

test('streamed equals plain', async () => {
  const plain = await client.chat(ask);
  let text = '';
  let last;
  for await (const part of await client.chat({ ...ask, stream: true })) {
    text += part.message.content;
    last = part;
  }

  assert.equal(text, plain.message.content);
  assert.equal(last.done, true);
  assert.equal(last.eval_count, 24);
});

test('generate, plain, streamed and raw', async () => {
  const prompt = { model: 'tiny', prompt: 'Once upon a time', options: ask.options };
  const plain = await client.generate(prompt);
  let text = '';
  for await (const part of await client.generate({ ...prompt, stream: true })) {
    text += part.response;
  }

  assert.equal(text, plain.response);
  assert.equal(plain.response, (await client.chat(ask)).message.content);
  const raw = await client.generate({ ...prompt, raw: true });
  assert.ok(raw.prompt_eval_count < plain.prompt_eval_count);
});

test('a stop string is cut off', async () => {
  const plain = (await client.chat(ask)).message.content;
  const stop = plain.slice(4, 8);
  const reply = await client.chat({ ...ask, options: { ...ask.options, stop: [stop] } });
  assert.equal(reply.done_reason, 'stop');
  assert.equal(reply.message.content, plain.slice(0, plain.indexOf(stop)));
});

test('tools and their results are taken', async () => {
  const reply = await client.chat({
    ...ask,
    tools,
    think: false,
    messages: [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: '', tool_calls: [{ function: { name: 'weather', arguments: { city: 'Bern' } } }] },
      { role: 'tool', tool_name: 'weather', content: 'Rain' },
    ],
  });
  assert.equal(reply.eval_count, 24);
});

test('models are listed and told of', async () => {
  assert.deepEqual((await client.list()).models.map((model) => model.name), ['tiny']);
  const running = (await client.ps()).models[0];
  assert.equal(running.size_vram, 0);
  const show = await client.show({ model: 'tiny' });
  assert.ok(show.capabilities.includes('completion') && show.capabilities.includes('tools'));
  assert.equal(show.model_info['general.architecture'], show.details.family);
  assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
});

test('400 for a wrong field, and for a prompt that is too long', async () => {
  await assert.rejects(client.chat({ ...ask, options: { temperature: 9 } }), status(400, /^options\.temperature/));
  await assert.rejects(client.chat({ ...ask, messages: [{ role: 'user', content: long }] }), status(400, /context/));
  await assert.rejects(client.chat({ ...ask, stream: true, messages: [{ role: 'user', content: long }] }), status(400, /context/));
});

test('401 without a known key', async () => {
  await assert.rejects(withKey('wrong').chat(ask), status(401, /API key/));
});

test('404 for what is not there', async () => {
  await assert.rejects(client.show({ model: 'none' }), status(404, /not found/));
  await assert.rejects(client.pull({ model: 'none' }), status(404, /no such endpoint/));
});

test('embeddings, one or several', async () => {
  const { embeddings, prompt_eval_count: tokens } = await client.embed({ model: 'tiny', input: ['Once upon a time', 'The dog'] });
  assert.equal(embeddings.length, 2);
  assert.ok(tokens > 5);
  assert.ok(Math.abs(Math.hypot(...embeddings[0]) - 1) < 1e-5);
  assert.deepEqual((await client.embeddings({ model: 'tiny', prompt: 'The dog' })).embedding, embeddings[1]);
  assert.equal((await client.embed({ model: 'tiny', input: 'The dog', dimensions: 8 })).embeddings[0].length, 8);
});

test('an abort ends the answer', async () => {
  const stream = await client.chat({ ...ask, stream: true, options: { ...ask.options, num_predict: 400 } });
  await assert.rejects(async () => {
    for await (const part of stream) {
      stream.abort();
    }
  }, { name: 'AbortError' });
  await untilIdle(server);
});
