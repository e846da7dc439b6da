// Conversations as a file, out and in. A file from elsewhere is checked field by field and rebuilt: nothing unknown comes in.
import { newId, root } from './tree.js';

export const format = 'crescent-conversations';
export const version = 1;
const largestFile = 64 * 1024 * 1024;
const most = { conversations: 10000, messages: 20000, calls: 200, attachments: 50, tokens: 200000 };

/** The text of an export. */
export function exported(conversations) {
  return JSON.stringify({ format, version, exported: new Date().toISOString(), conversations }, null, 1);
}

/** Why a file was refused; `where` is the path to the field. */
export class ImportRefused extends Error {
  constructor(where, expected) {
    super(`${where}: ${expected}`);
    this.where = where;
    this.expected = expected;
  }
}

const refuse = (where, expected) => {
  throw new ImportRefused(where, expected);
};

/** The conversations of a file's text, under new ids. Throws ImportRefused. */
export function imported(text) {
  if (text.length > largestFile) refuse('file', 'at most 64 MB');
  let file;
  try {
    file = JSON.parse(text);
  } catch (error) {
    refuse('file', `JSON (${error.message})`);
  }
  if (file?.format !== format) refuse('format', `"${format}"`);
  if (file.version !== version) refuse('version', String(version));
  return list(file.conversations, 'conversations', most.conversations).map((value, i) => conversation(value, `conversations[${i}]`));
}

const record = (value, where) => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : refuse(where, 'an object'));
const list = (value, where, limit) => (Array.isArray(value) && value.length <= limit ? value : refuse(where, `a list of at most ${limit}`));
const string = (value, where) => (typeof value === 'string' ? value : refuse(where, 'a text'));
const number = (value, where) => (Number.isFinite(value) ? value : refuse(where, 'a number'));
const optional = (check, value, where) => (value === undefined || value === null ? undefined : check(value, where));

function conversation(value, where) {
  record(value, where);
  const entries = Object.entries(record(value.messages, `${where}.messages`));
  if (entries.length > most.messages) refuse(`${where}.messages`, `at most ${most.messages}`);
  const ids = new Map(entries.map(([id]) => [id, newId()]));
  const messages = {};
  for (const [id, entry] of entries) {
    const at = `${where}.messages.${id}`;
    const parent = string(record(entry, at).parent, `${at}.parent`);
    if (parent !== root && !ids.has(parent)) refuse(`${at}.parent`, 'a message of this conversation');
    messages[ids.get(id)] = { id: ids.get(id), parent: parent === root ? root : ids.get(parent), ...message(entry, at) };
  }
  refuseLoops(messages, where);
  const selected = {};
  for (const [parent, child] of Object.entries(optional(record, value.selected, `${where}.selected`) ?? {})) {
    if ((parent === root || ids.has(parent)) && ids.has(child)) selected[parent === root ? root : ids.get(parent)] = ids.get(child);
  }
  return {
    id: newId(),
    title: string(value.title, `${where}.title`).slice(0, 200),
    created: number(value.created, `${where}.created`),
    updated: number(value.updated, `${where}.updated`),
    system: optional(string, value.system, `${where}.system`) ?? '',
    selected,
    messages,
  };
}

function refuseLoops(messages, where) {
  const rooted = new Set([root]);
  for (const { id } of Object.values(messages)) {
    const climbed = new Set();
    let at = id;
    while (!rooted.has(at)) {
      if (climbed.has(at)) refuse(`${where}.messages`, 'a tree (a message is its own ancestor)');
      climbed.add(at);
      at = messages[at].parent;
    }
    climbed.forEach(seen => rooted.add(seen));
  }
}

function message(value, where) {
  if (!['user', 'assistant', 'tool'].includes(value.role)) refuse(`${where}.role`, 'user, assistant or tool');
  const fields = {
    role: value.role,
    content: string(value.content, `${where}.content`),
    created: number(value.created, `${where}.created`),
    reasoning: optional(string, value.reasoning, `${where}.reasoning`),
    reasoningMs: optional(number, value.reasoningMs, `${where}.reasoningMs`),
    toolCallId: optional(string, value.toolCallId, `${where}.toolCallId`),
    name: optional(string, value.name, `${where}.name`),
    ms: optional(number, value.ms, `${where}.ms`),
    finish: optional(string, value.finish, `${where}.finish`),
    model: optional(string, value.model, `${where}.model`),
    failed: value.failed === true || undefined,
    toolCalls: optional(calls, value.toolCalls, `${where}.toolCalls`),
    attachments: optional(attachments, value.attachments, `${where}.attachments`),
    stats: optional(numbers, value.stats, `${where}.stats`),
    tokens: optional(tokens, value.tokens, `${where}.tokens`),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined));
}

function calls(value, where) {
  return list(value, where, most.calls).map((call, i) => {
    const at = `${where}[${i}]`;
    record(call, at);
    return { id: string(call.id, `${at}.id`), name: string(call.name, `${at}.name`), arguments: string(call.arguments, `${at}.arguments`) };
  });
}

function attachments(value, where) {
  return list(value, where, most.attachments).map((file, i) => ({
    name: string(record(file, where).name, `${where}[${i}].name`),
    text: string(file.text, `${where}[${i}].text`),
  }));
}

const numbers = (value, where) => Object.fromEntries(Object.entries(record(value, where)).filter(([, entry]) => Number.isFinite(entry)));

function tokens(value, where) {
  const pair = (entry, at) => (Array.isArray(entry) ? [string(entry[0], at), number(entry[1], at)] : refuse(at, '[text, logprob]'));
  return list(value, where, most.tokens).map((entry, i) => [
    ...pair(entry, `${where}[${i}]`),
    list(entry[2] ?? [], `${where}[${i}][2]`, 20).map(other => pair(other, `${where}[${i}][2]`)),
  ]);
}
