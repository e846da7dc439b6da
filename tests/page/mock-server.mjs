// A stand-in for the server: serves the page under the strict Content-Security-Policy and plays scripted streams.
// node tests/page/mock-server.mjs [port]   then open http://localhost:port/
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pieces, scriptFor } from './scripts.mjs';

const pageFolder = fileURLToPath(new URL('../../src/Crescent.Server/Page/', import.meta.url));
const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};
export const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const contextSize = 131072;
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

/** Starts the server; options: port (0 for any), tokensPerSecond, key (refuses requests without it), bare (no props, metrics or status). */
export function startMockServer({ port = 0, tokensPerSecond = 400, key = '', bare = false } = {}) {
  const state = { requests: [], tokensPerSecond, key, bare, tokens: 0 };
  const server = createServer((request, response) =>
    answer(state, request, response).catch(error => {
      response.destroy(error);
    })
  );
  return new Promise(resolve =>
    server.listen(port, '127.0.0.1', () =>
      resolve({
        address: `http://127.0.0.1:${server.address().port}/`,
        state,
        close: () => {
          server.closeAllConnections();
          server.close();
        },
      })
    )
  );
}

async function answer(state, request, response) {
  const path = new URL(request.url, 'http://x').pathname;
  if (state.key && /^\/(v1|props|metrics|crescent)/.test(path) && request.headers.authorization !== `Bearer ${state.key}`)
    return json(response, 401, { error: { message: 'Invalid API key.', type: 'invalid_request_error', code: 'invalid_api_key' } });
  if (request.method === 'POST' && path === '/v1/chat/completions') return chat(state, request, response);
  if (path === '/v1/models')
    return json(response, 200, {
      object: 'list',
      data: ['kimi-k2-thinking', 'moonlight-16b'].map(id => ({
        id,
        object: 'model',
        created: 1764000000,
        owned_by: 'crescent',
        meta: { n_params: 1026e9, n_ctx_train: 262144, size: 594e9 },
      })),
    });
  if (!state.bare && path === '/props')
    return json(response, 200, {
      default_generation_settings: {
        n_ctx: contextSize,
        params: { temperature: 1, top_p: 0.95, top_k: 0, min_p: 0.01, repeat_penalty: 1, presence_penalty: 0, frequency_penalty: 0 },
      },
      total_slots: 4,
      model_path: '/models/kimi-k2-thinking',
      build_info: 'crescent 0.4',
    });
  if (!state.bare && path === '/metrics')
    return send(
      response,
      200,
      'text/plain',
      `# TYPE x counter\ncrescent:prompt_tokens_total 52311\ncrescent:tokens_predicted_total ${8120 + state.tokens}\ncrescent:prompt_tokens_seconds 243.7\ncrescent:predicted_tokens_seconds 7.4\n`
    );
  if (!state.bare && path === '/crescent/status')
    return json(response, 200, {
      resident_bytes: 43.2e9,
      limit_bytes: 48e9,
      streamed: { bytes: 551e9 },
      slots: { busy: 1, total: 4 },
      hit_rate: 0.871,
      drive_gb_per_second: 5.8,
    });
  return file(path, response);
}

async function file(path, response) {
  const relative = normalize(decodeURIComponent(path === '/' ? '/index.html' : path));
  const full = join(pageFolder, relative);
  const type = types[extname(full)];
  if (!type || !full.startsWith(pageFolder.endsWith(sep) ? pageFolder : pageFolder + sep))
    return json(response, 404, { error: { message: `No ${path}.`, type: 'invalid_request_error', code: 'not_found' } });
  try {
    send(response, 200, type, await readFile(full));
  } catch {
    json(response, 404, { error: { message: `No ${path}.`, type: 'invalid_request_error', code: 'not_found' } });
  }
}

function send(response, status, type, body, headers = {}) {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
    ...headers,
  });
  response.end(body);
}

const json = (response, status, body, headers) => send(response, status, 'application/json', JSON.stringify(body), headers);

async function chat(state, request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = JSON.parse(Buffer.concat(parts).toString('utf8'));
  state.requests.push(body);
  const script = scriptFor(body);
  if (script.failure) return json(response, script.failure.status, { error: script.failure.error }, script.failure.headers);
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  await play(state, body, script, response);
}

/** The chunks in OpenAI's format: role, thinking, text, calls (id and name once), finish, usage, [DONE]. */
async function play(state, body, script, response) {
  const common = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1764000000,
    model: body.model ?? 'kimi-k2-thinking',
    system_fingerprint: 'mock',
  };
  const write = fields =>
    response.write(`data: ${JSON.stringify({ ...common, choices: [], ...(body.stream_options?.include_usage ? { usage: null } : {}), ...fields })}\n\n`);
  const delta = (fields, more = {}) => write({ choices: [{ index: 0, delta: fields, logprobs: null, finish_reason: null, ...more }] });
  const pause = () => wait(1000 / (script.tokensPerSecond ?? state.tokensPerSecond));
  response.write(': ping\n\n');
  const prompt = script.prefill?.total ?? 40;
  delta({ role: 'assistant', content: '' });
  if (body.return_progress && script.prefill) await prefill(script.prefill, write);
  let count = 0;
  const started = Date.now();
  const reasons = body.reasoning_effort !== 'none' ? pieces(script.reasoning ?? '') : [];
  for (const piece of reasons) {
    delta({ reasoning_content: piece });
    count++;
    await pause();
  }
  for (const piece of pieces(script.text ?? '')) {
    if (response.destroyed) return;
    if (count++ === script.cutAfter) return wait(100).then(() => response.destroy()); // what was written has left by then
    delta({ content: piece }, body.logprobs ? { logprobs: { content: [logprobs(piece, count)], refusal: null } } : {});
    await pause();
  }
  if (script.failureAfter) {
    response.write(`data: ${JSON.stringify({ error: script.failureAfter })}\n\n`);
    return response.end();
  }
  for (const [index, call] of (body.tools?.length ? (script.calls ?? []) : []).entries()) await toolCall(index, call, delta, pause);
  state.tokens += count;
  delta({}, { finish_reason: script.calls && body.tools?.length ? 'tool_calls' : 'stop' });
  const ms = Date.now() - started;
  const cached = script.prefill?.cache ?? 12;
  write({
    usage: {
      prompt_tokens: prompt,
      completion_tokens: count,
      total_tokens: prompt + count,
      prompt_tokens_details: { cached_tokens: cached },
      completion_tokens_details: { reasoning_tokens: reasons.length },
    },
    timings: {
      cache_n: cached,
      prompt_n: prompt - cached,
      prompt_ms: 200,
      prompt_per_second: 240,
      predicted_n: count,
      predicted_ms: ms,
      predicted_per_second: (count / ms) * 1000,
    },
  });
  response.end('data: [DONE]\n\n');
}

async function prefill({ total, cache, steps, everyMs }, write) {
  for (let step = 0; step <= steps; step++) {
    write({
      choices: [{ index: 0, delta: {}, finish_reason: null }],
      prompt_progress: { total, cache, processed: Math.round(cache + ((total - cache) * step) / steps), time_ms: step * everyMs },
    });
    await wait(everyMs);
  }
}

async function toolCall(index, { id, name, arguments: text }, delta, pause) {
  delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
  for (const piece of text.match(/.{1,6}/g)) {
    delta({ tool_calls: [{ index, function: { arguments: piece } }] });
    await pause();
  }
}

function logprobs(token, count) {
  const chosen = [0.98, 0.81, 0.52, 0.24, 0.07][(count * 7) % 5];
  const bytes = [...new TextEncoder().encode(token)];
  const others = [' and', ' the', ' some', '\n'].map((text, i) => ({ token: text, logprob: Math.log((1 - chosen) * [0.6, 0.25, 0.1, 0.05][i]), bytes: [] }));
  return { token, logprob: Math.log(chosen), bytes, top_logprobs: [{ token, logprob: Math.log(chosen), bytes }, ...others] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { address } = await startMockServer({ port: Number(process.argv[2] ?? 8088), tokensPerSecond: 60 });
  console.log(address);
}
