// The server's HTTP surface, as this page uses it. README.md beside the page describes what it reads.
import { events } from './sse.js';
import { Failure, failureFrom, failureOf } from './failure.js';

export class Api {
  /** @param key a function that gives the API key, or ''. */
  constructor(base, key) {
    this.base = base;
    this.key = key;
  }

  headers(more = {}) {
    const key = this.key();
    return key ? { ...more, Authorization: `Bearer ${key}` } : more;
  }

  async request(path, options = {}) {
    let response;
    try {
      response = await fetch(new URL(path, this.base), { ...options, headers: this.headers(options.headers), cache: 'no-store' });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new Failure('offline', error.message);
    }
    if (!response.ok) throw await failureOf(response);
    return response;
  }

  /** JSON of a GET; null where the server has no such thing or cannot say now. */
  async optional(path) {
    try {
      return await (await this.request(path)).json();
    } catch (failure) {
      if (failure.kind === 'key' || failure.kind === 'offline') throw failure;
      return null;
    }
  }

  models() {
    return this.optional('v1/models');
  }
  /** Properties of a model, or of the server's first. */
  properties(model = '') {
    return this.optional(model ? `props?model=${encodeURIComponent(model)}` : 'props');
  }
  /** Memory and slots of a model, or of the server's first. */
  status(model = '') {
    return this.optional(model ? `crescent/status?model=${encodeURIComponent(model)}` : 'crescent/status');
  }

  /** Prometheus samples by name without labels; null where there are none. */
  async metrics() {
    try {
      return samples(await (await this.request('metrics')).text());
    } catch {
      return null;
    }
  }

  /** The chunks of a streamed answer. Throws Failure; an abort by the signal throws AbortError. */
  async *chat(body, signal) {
    const response = await this.request('v1/chat/completions', {
      method: 'POST',
      signal,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true }, return_progress: true }),
    });
    let finished = false;
    try {
      for await (const data of events(response.body)) {
        if (data === '[DONE]') return;
        const chunk = parsed(data);
        if (chunk.error) throw failureFrom(chunk.error, Number(chunk.error.code) || 500);
        finished ||= Boolean(chunk.choices?.[0]?.finish_reason);
        yield chunk;
      }
    } catch (error) {
      if (error instanceof Failure || error.name === 'AbortError') throw error;
      throw new Failure('lost', error.message);
    }
    if (!finished) throw new Failure('lost', '');
  }
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    throw new Failure('broken', `Not JSON: ${data.slice(0, 120)}`);
  }
}

export function samples(text) {
  const found = {};
  for (const [, name, value] of text.matchAll(/^([A-Za-z_:][\w:]*)(?:\{[^}\n]*\})?[ \t]+([-+.\deE]+|NaN)/gm))
    if (Number.isFinite(Number(value))) found[name] = (found[name] ?? 0) + Number(value);
  return found;
}
