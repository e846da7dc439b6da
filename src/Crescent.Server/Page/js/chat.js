// The conversation that is open and the answers under way. Views listen: `list`, `conversation`, `live`, `finished`.
import { Answer } from './answer.js';
import { Failure } from './failure.js';
import { addMessage, newConversation, openCalls, pathOf, pathTo, removeMessage, root, selectSibling, titleOf, wireMessages } from './tree.js';
import { activeTools, runTool } from './tools.js';

const mostRounds = 24;
const saveEveryMs = 2000;

export class Chat extends EventTarget {
  constructor(api, store, settings) {
    super();
    Object.assign(this, { api, store, settings });
    this.runs = new Map(); // conversation id → {conversation, controller, answer, message}
    this.conversation = newConversation(settings.get('system'));
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  get path() {
    return pathOf(this.conversation);
  }
  get run() {
    return this.runs.get(this.conversation.id) ?? null;
  }

  /** Starts an empty conversation; it is kept once something is said. */
  fresh() {
    this.conversation = newConversation(this.settings.get('system'));
    this.tell('conversation');
  }

  async open(id) {
    const conversation = this.runs.get(id)?.conversation ?? (await this.store.load(id));
    if (!conversation) return;
    this.conversation = conversation;
    this.tell('conversation');
  }

  async keep(conversation) {
    conversation.title ||= titleOf(conversation);
    await this.store.save(conversation);
    this.tell('list');
  }

  send(content, attachments = []) {
    if (this.run) return;
    this.ask(this.path.at(-1)?.id ?? root, content, attachments);
  }

  /** Another wording of a message: a branch beside it. */
  edit(id, content) {
    if (this.run) return;
    const { parent, attachments } = this.conversation.messages[id];
    this.ask(parent, content, attachments ?? []);
  }

  ask(parent, content, attachments) {
    const message = addMessage(this.conversation, parent, { role: 'user', content, ...(attachments.length ? { attachments } : {}) });
    this.answerTo(this.conversation, message.id);
  }

  /** Another answer to the same question: the turn's first message says where it began. */
  regenerate(firstId) {
    if (!this.run) this.answerTo(this.conversation, this.conversation.messages[firstId].parent);
  }

  /** Again after a failure: an answer that brought nothing makes room. */
  retry(id) {
    if (this.run) return;
    const { parent, content, reasoning } = this.conversation.messages[id];
    if (!content && !reasoning) removeMessage(this.conversation, id);
    this.answerTo(this.conversation, parent);
  }

  /** Goes on with an answer that was cut: it goes back as the beginning of the reply (Moonshot's partial mode). */
  goOn(id) {
    if (!this.run) this.answerTo(this.conversation, this.conversation.messages[id].parent, this.conversation.messages[id]);
  }

  select(id, step) {
    selectSibling(this.conversation, id, step);
    this.keep(this.conversation);
    this.tell('conversation');
  }

  stop() {
    this.run?.controller.abort();
  }

  /** The user's own result of a call; the model goes on once all calls are answered. */
  answerTool(call, content) {
    if (this.run) return;
    const message = addMessage(this.conversation, this.path.at(-1).id, { role: 'tool', toolCallId: call.id, name: call.name, content });
    if (openCalls(this.path).length === 0) this.answerTo(this.conversation, message.id);
    else {
      this.keep(this.conversation);
      this.tell('conversation');
    }
  }

  async answerTo(conversation, parent, begun = null) {
    const run = { conversation, controller: new AbortController(), answer: null, message: null };
    this.runs.set(conversation.id, run);
    try {
      for (let round = 0, at = parent; at !== null && round < mostRounds; round++) at = await this.round(run, at, round === 0 ? begun : null);
    } finally {
      this.runs.delete(conversation.id);
      await this.keep(conversation).catch(error => this.tell('trouble', error));
      this.tell('conversation', { finished: conversation.id });
    }
  }

  /** One answer and the tools it calls: the message to go on from, or null at the end of the turn. */
  async round(run, parent, begun) {
    const messages = wireMessages(run.conversation, pathTo(run.conversation, begun?.id ?? parent));
    if (begun) {
      messages.at(-1).partial = true;
      delete begun.error;
      delete begun.finish;
    }
    run.message = begun ?? addMessage(run.conversation, parent, { role: 'assistant' });
    run.answer = new Answer(run.message);
    await this.keep(run.conversation);
    this.tell('conversation');
    await this.stream(run, messages);
    if (run.message.error || run.message.finish === 'stopped' || !run.message.toolCalls?.length) return null;
    return this.callTools(run);
  }

  async stream(run, messages) {
    const { message, answer } = run;
    let saved = Date.now();
    try {
      for await (const chunk of this.api.chat({ messages, ...this.choices() }, run.controller.signal)) {
        answer.take(chunk);
        this.tell('live', run);
        if (Date.now() - saved > saveEveryMs) {
          saved = Date.now();
          this.store.save(run.conversation).catch(() => {});
        }
      }
    } catch (error) {
      this.fail(message, error);
    }
    answer.finish();
  }

  /** The fields of a request that the settings decide. Throws Failure for a schema or a tool that is not valid. */
  choices() {
    try {
      const tools = activeTools(this.settings.values);
      return { ...this.settings.requestFields(), ...(tools.length ? { tools } : {}) };
    } catch (error) {
      throw new Failure('setup', error.message);
    }
  }

  fail(message, error) {
    if (error.name === 'AbortError') {
      message.finish = 'stopped';
      delete message.toolCalls;
      return;
    }
    const failure = error instanceof Failure ? error : new Failure('unknown', error.message);
    if (failure.kind === 'unknown') console.error(error);
    delete message.toolCalls;
    message.error = { kind: failure.kind, message: failure.message, until: failure.retryAfterSeconds ? Date.now() + failure.retryAfterSeconds * 1000 : null };
  }

  /** Runs the built-in tools of an answer in order; null when a call waits for the user or the run was stopped. */
  async callTools(run) {
    let last = run.message.id;
    let waiting = false;
    for (const call of run.message.toolCalls) {
      const result = await runTool(call, this.settings.values);
      if (result)
        last = addMessage(run.conversation, last, { role: 'tool', toolCallId: call.id, name: call.name, ...result, failed: result.failed || undefined }).id;
      else waiting = true;
    }
    return waiting || run.controller.signal.aborted ? null : last;
  }

  /** Tokens of the context that the shown path takes, as far as the server told. */
  get contextUsed() {
    const run = this.run;
    const last = this.path.findLast(message => message.role === 'assistant' && message.stats);
    const before = last ? (last.stats.prompt ?? 0) + (last.stats.tokens ?? 0) : 0;
    if (!run) return before;
    return Math.max(before, (run.promptTotal = run.answer?.progress?.total ?? run.promptTotal ?? 0) + (run.answer?.tokenCount ?? 0));
  }
}
