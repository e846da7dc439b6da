// Thinking and calls, which small models never make: streams that the server's own tests hold it to byte for byte, read by the clients.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';

const replay = (file, type) => async () => new Response(await readFile(path.join(import.meta.dirname, 'scripted', file)), { headers: { 'content-type': type } });

test('anthropic: thinking with its signature, text, calls with their input', async () => {
  const client = new Anthropic({ apiKey: 'none', fetch: replay('anthropic.sse', 'text/event-stream') });
  const message = await client.messages.stream({ model: 'tiny', max_tokens: 100, messages: [{ role: 'user', content: 'x' }] }).finalMessage();
  assert.deepEqual(message.content.map((block) => block.type), ['thinking', 'text', 'tool_use', 'tool_use']);
  const [thinking, text, weather, now] = message.content;
  assert.equal(thinking.thinking, 'Two cities.');
  assert.match(thinking.signature, /^[A-Za-z0-9+/=]{44}$/);
  assert.equal(text.text, 'I look.');
  assert.deepEqual([weather.id, weather.name, weather.input], ['functions.weather:0', 'weather', { city: 'Zürich' }]);
  assert.deepEqual([now.id, now.name, now.input], ['functions.now:1', 'now', {}]);
  assert.equal(message.stop_reason, 'tool_use');
  assert.equal(message.usage.output_tokens, 7);
});

test('responses: reasoning, a message, function calls', async () => {
  const client = new OpenAI({ apiKey: 'none', fetch: replay('responses.sse', 'text/event-stream') });
  const stream = client.responses.stream({ model: 'tiny', input: 'x' });
  const snapshots = [];
  stream.on('response.function_call_arguments.delta', (event) => snapshots.push(event.snapshot));
  const response = await stream.finalResponse();
  assert.equal(response.status, 'completed');
  assert.deepEqual(response.output.map((item) => item.type), ['reasoning', 'message', 'function_call', 'function_call']);
  assert.equal(response.output[0].content[0].text, 'Two cities.');
  assert.equal(response.output[1].content[0].text, 'I look.');
  assert.deepEqual(response.output.slice(2).map((call) => [call.call_id, call.name, JSON.parse(call.arguments)]), [['functions.weather:0', 'weather', { city: 'Zürich' }], ['functions.now:1', 'now', {}]]);
  assert.deepEqual(snapshots, ['{"city":', '{"city":"Zürich"}', '{}']);
});

test('ollama: thinking, text, calls with their arguments as objects', async () => {
  const client = new Ollama({ host: 'http://127.0.0.1:9', fetch: replay('ollama.ndjson', 'application/x-ndjson') });
  const parts = [];
  for await (const part of await client.chat({ model: 'tiny', messages: [], stream: true })) {
    parts.push(part);
  }

  assert.equal(parts.map((part) => part.message.thinking ?? '').join(''), 'Two cities.');
  assert.equal(parts.map((part) => part.message.content).join(''), 'I look.');
  assert.deepEqual(parts.flatMap((part) => part.message.tool_calls ?? []).map((call) => [call.function.name, call.function.arguments]), [['weather', { city: 'Zürich' }], ['now', {}]]);
  assert.deepEqual([parts.at(-1).done, parts.at(-1).done_reason, parts.at(-1).eval_count], [true, 'stop', 7]);
});
