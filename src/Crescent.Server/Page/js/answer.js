// One streamed answer as it grows: chunks go in, a message comes out. Knows no page and no network.

/** Gathers chunks into a message's fields; `clock` gives milliseconds. */
export class Answer {
  constructor(message, clock = () => performance.now()) {
    this.message = message;
    this.clock = clock;
    this.started = clock();
    this.firstToken = null;
    this.progress = null;
    this.arrivals = [];
    this.tokenCount = 0;
    this.thinkingFrom = null;
    this.decoder = new TextDecoder();
  }

  take(chunk) {
    if (chunk.prompt_progress) this.progress = chunk.prompt_progress;
    if (chunk.model) this.message.model = chunk.model;
    const choice = chunk.choices?.[0];
    if (choice?.delta) this.takeDelta(choice.delta, choice.logprobs?.content);
    if (choice?.finish_reason) this.message.finish = choice.finish_reason;
    if (chunk.timings) this.timings = chunk.timings;
    if (chunk.usage) this.usage = chunk.usage;
  }

  takeDelta(delta, logprobs) {
    const message = this.message;
    const reasoning = delta.reasoning_content ?? delta.reasoning;
    if (typeof reasoning === 'string') {
      message.reasoning = (message.reasoning ?? '') + reasoning;
      if (reasoning) this.thinkingFrom ??= this.clock();
    }
    if (delta.content || delta.tool_calls?.length) this.endThinking();
    if (delta.content) message.content += delta.content;
    for (const part of delta.tool_calls ?? []) this.takeCall(part);
    if (reasoning || delta.content || delta.tool_calls?.length) this.count(logprobs?.length || 1);
    if (logprobs)
      (message.tokens ??= []).push(
        ...logprobs.map(entry => [this.textOf(entry), entry.logprob, (entry.top_logprobs ?? []).map(other => [other.token, other.logprob])])
      );
  }

  /** A token's text. Tokens may split a character: its bytes are joined, and the last of its tokens bears it. */
  textOf({ token, bytes }) {
    return Array.isArray(bytes) && bytes.length ? this.decoder.decode(Uint8Array.from(bytes), { stream: true }) : token;
  }

  takeCall(part) {
    const calls = (this.message.toolCalls ??= []);
    const call = (calls[part.index ?? Math.max(0, calls.length - 1)] ??= { id: '', name: '', arguments: '' });
    if (part.id && !call.id) call.id = part.id;
    if (part.function?.name) call.name ||= part.function.name;
    call.arguments += part.function?.arguments ?? '';
  }

  count(tokens) {
    const now = this.clock();
    this.firstToken ??= now;
    this.progress = null;
    this.tokenCount += tokens;
    this.arrivals.push([now, tokens]);
    while (this.arrivals.length > 2 && this.arrivals[0][0] < now - 3000) this.arrivals.shift();
  }

  endThinking() {
    if (this.thinkingFrom === null || this.message.reasoningMs !== undefined) return;
    this.message.reasoningMs = Math.round(this.clock() - this.thinkingFrom);
  }

  /** Tokens a second over the last three seconds. */
  get rate() {
    if (this.arrivals.length < 3) return null;
    const seconds = (this.arrivals.at(-1)[0] - this.arrivals[0][0]) / 1000;
    return seconds > 0 ? this.arrivals.slice(1).reduce((sum, [, tokens]) => sum + tokens, 0) / seconds : null;
  }

  /** Closes the message: holes in the calls are filled, figures are kept. */
  finish() {
    const { message, timings, usage } = this;
    this.endThinking();
    if (message.toolCalls) message.toolCalls = message.toolCalls.filter(Boolean).map((call, i) => ({ ...call, id: call.id || `call_${i}` }));
    const seconds = this.firstToken === null ? 0 : (this.clock() - this.firstToken) / 1000;
    const stats = {
      tokens: usage?.completion_tokens ?? timings?.predicted_n ?? this.tokenCount,
      prompt: usage?.prompt_tokens ?? (timings ? timings.prompt_n + (timings.cache_n ?? 0) : undefined),
      cached: usage?.prompt_tokens_details?.cached_tokens ?? timings?.cache_n,
      rate: timings?.predicted_per_second ?? (seconds > 0.2 ? this.tokenCount / seconds : undefined),
      promptRate: timings?.prompt_per_second,
      firstTokenMs: this.firstToken === null ? undefined : Math.round(this.firstToken - this.started),
      ms: Math.round(this.clock() - this.started),
      reasoningTokens: usage?.completion_tokens_details?.reasoning_tokens,
    };
    message.stats = Object.fromEntries(Object.entries(stats).filter(([, value]) => Number.isFinite(value)));
    return message;
  }
}
