// Vercel's AI SDK over any OpenAI-compatible endpoint.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateObject, generateText, streamText, stepCountIs, tool } from 'ai';
import { z } from 'zod';
import { startServer, untilIdle } from './server.mjs';

let server;
let model;
const place = z.object({ city: z.enum(['Bern', 'Zürich']), days: z.number().int().min(1).max(9) });
const ask = { maxOutputTokens: 24, temperature: 0, maxRetries: 0, prompt: 'Once upon a time' };
const weather = (asked) => tool({ description: 'Tells the weather', inputSchema: place, execute: async (input) => asked.push(place.parse(input)) && { sky: 'clear' } });

before(async () => {
  server = await startServer({ synthetic: 'tiny-kimi-k2' });
  model = createOpenAICompatible({ name: 'crescent', baseURL: `${server.url}/v1`, apiKey: server.key, includeUsage: true, supportsStructuredOutputs: true })('tiny');
});
after(() => server?.stop());

test('generateText', async () => {
  const { text, finishReason, usage } = await generateText({ ...ask, model });
  assert.ok(text.length > 0);
  assert.equal(finishReason, 'length');
  assert.equal(usage.outputTokens, 24);
});

test('streamText equals generateText', async () => {
  const { text } = await generateText({ ...ask, model });
  const stream = streamText({ ...ask, model });
  let streamed = '';
  for await (const piece of stream.textStream) {
    streamed += piece;
  }

  assert.equal(streamed, text);
  assert.equal(await stream.finishReason, 'length');
  assert.equal((await stream.usage).outputTokens, 24);
});

test('generateObject', async () => {
  for (let seed = 0; seed < 5; seed++) {
    const { object } = await generateObject({ ...ask, model, maxOutputTokens: 200, temperature: 1, seed, schema: place });
    assert.deepEqual(place.parse(object), object);
  }
});

test('generateText calls tools and goes on with their results', async () => {
  const asked = [];
  const { steps } = await generateText({ ...ask, model, maxOutputTokens: 400, temperature: 1, seed: 3, tools: { weather: weather(asked) }, toolChoice: 'required', stopWhen: stepCountIs(2) });
  assert.equal(steps.length, 2);
  assert.equal(steps[0].finishReason, 'tool-calls');
  assert.equal(steps.flatMap((step) => step.toolCalls).length, asked.length);
  assert.equal(steps[0].toolCalls[0].toolCallId, 'functions.weather:0');
  assert.equal(steps[1].toolCalls[0].toolCallId, `functions.weather:${steps[0].toolCalls.length}`);
});

test('streamText calls tools', async () => {
  const asked = [];
  const stream = streamText({ ...ask, model, maxOutputTokens: 400, temperature: 1, seed: 4, tools: { weather: weather(asked) }, toolChoice: { type: 'tool', toolName: 'weather' } });
  await stream.consumeStream();
  const calls = await stream.toolCalls;
  assert.ok(calls.length >= 1);
  assert.deepEqual(calls.map((call) => call.input), asked);
  assert.equal(await stream.finishReason, 'tool-calls');
});

test('an abort ends the answer', async () => {
  const abort = new AbortController();
  for await (const _ of streamText({ ...ask, model, maxOutputTokens: 4000, abortSignal: abort.signal }).textStream) {
    abort.abort();
  }

  await untilIdle(server);
});

test('errors keep their status', async () => {
  await assert.rejects(generateText({ ...ask, model, temperature: 3 }), (error) => APICallError.isInstance(error) && error.statusCode === 400 && /temperature/.test(error.message));
});
