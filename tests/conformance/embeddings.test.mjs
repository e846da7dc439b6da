import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { startServer } from './server.mjs';

let server;
let client;

before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
});
after(() => server.stop());

test('base64, which the client asks for, holds the numbers of the list', async () => {
  const input = ['Once upon a time', 'The dog'];
  const coded = await client.embeddings.create({ model: 'tiny', input });
  const plain = await client.embeddings.create({ model: 'tiny', input, encoding_format: 'float' });
  assert.deepEqual(coded.data.map((item) => item.index), [0, 1]);
  for (const i of [0, 1]) {
    assert.ok(Math.abs(Math.hypot(...plain.data[i].embedding) - 1) < 1e-5);
    assert.deepEqual(Float32Array.from(coded.data[i].embedding), Float32Array.from(plain.data[i].embedding));
  }

  assert.ok(coded.usage.prompt_tokens > 5);
  assert.equal(coded.usage.total_tokens, coded.usage.prompt_tokens);
});

test('fewer dimensions', async () => {
  const reply = await client.embeddings.create({ model: 'tiny', input: 'The dog', dimensions: 16 });
  assert.equal(reply.data[0].embedding.length, 16);
  await assert.rejects(client.embeddings.create({ model: 'tiny', input: 'The dog', dimensions: 1e6 }), (error) => error.status === 400 && error.param === 'dimensions');
});
