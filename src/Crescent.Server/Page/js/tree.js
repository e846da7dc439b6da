// A conversation is a tree of messages: an edit or a regeneration adds a sibling, and each parent remembers which child is shown.
//
// conversation: { id, title, created, updated, system, selected: {parent: child}, messages: {id: message} }
// message: { id, parent, role, content, created, reasoning?, reasoningMs?, toolCalls?: [{id, name, arguments}], toolCallId?, name?, failed?, ms?,
//            attachments?: [{name, text}], stats?, tokens?: [[text, logprob, [[text, logprob]…]]…], finish?, error?, model? }

export const root = 'root';

/** 128 random bits. `crypto.randomUUID` is missing where the page comes over plain HTTP from another machine. */
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

export function newConversation(system = '') {
  const now = Date.now();
  return { id: newId(), title: '', created: now, updated: now, system, selected: {}, messages: {} };
}

/** Adds a message under a parent and shows it; a later sibling has a later date, whatever the clock's grain. */
export function addMessage(conversation, parent, fields) {
  if (parent !== root && !Object.hasOwn(conversation.messages, parent)) throw new RangeError(`No message ${parent} to answer.`);
  const created = Math.max(Date.now(), ...childrenOf(conversation, parent).map(sibling => sibling.created + 1));
  const message = { id: newId(), parent, created, content: '', ...fields };
  conversation.messages[message.id] = message;
  conversation.selected[parent] = message.id;
  conversation.updated = message.created;
  return message;
}

/** The answers to a message, oldest first. */
export function childrenOf(conversation, parent) {
  return Object.values(conversation.messages)
    .filter(message => message.parent === parent)
    .sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
}

/** The messages that are shown, from the first on. */
export function pathOf(conversation) {
  const path = [];
  const children = new Map();
  for (const message of Object.values(conversation.messages)) children.set(message.parent, [...(children.get(message.parent) ?? []), message]);
  for (let at = root, seen = new Set(); children.has(at) && !seen.has(at);) {
    seen.add(at);
    const candidates = children.get(at);
    const next = candidates.find(message => message.id === conversation.selected[at]) ?? candidates.reduce((a, b) => (b.created >= a.created ? b : a));
    path.push(next);
    at = next.id;
  }
  return path;
}

/** The messages from the first down to one. */
export function pathTo(conversation, id) {
  const path = [];
  for (let at = id; at !== root; at = conversation.messages[at].parent) path.unshift(conversation.messages[at]);
  return path;
}

/** Shows the sibling `step` places further. */
export function selectSibling(conversation, id, step) {
  const message = conversation.messages[id];
  const siblings = childrenOf(conversation, message.parent);
  const to = siblings.findIndex(sibling => sibling.id === id) + step;
  if (siblings[to]) conversation.selected[message.parent] = siblings[to].id;
}

/** Takes away a message and all that follows it. */
export function removeMessage(conversation, id) {
  const parent = conversation.messages[id].parent;
  for (const child of childrenOf(conversation, id)) removeMessage(conversation, child.id);
  delete conversation.messages[id];
  delete conversation.selected[id];
  if (conversation.selected[parent] === id) delete conversation.selected[parent];
}

/** Calls of a message that the shown path has not answered. */
export function openCalls(path) {
  const at = path.findLastIndex(message => message.role === 'assistant');
  if (at < 0 || path.slice(at + 1).some(message => message.role !== 'tool')) return [];
  const answered = new Set(path.slice(at + 1).map(message => message.toolCallId));
  return (path[at].toolCalls ?? []).filter(call => !answered.has(call.id));
}

/** A fence longer than any run of backticks in the text. */
const fenceFor = text => '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(match => match[0].length + 1)));

/** What a user's message says to the model: attached files first, each in a fence under its name. */
export function contentWithAttachments(message) {
  const files = (message.attachments ?? []).map(({ name, text }) => {
    const fence = fenceFor(text);
    return `${name}\n${fence}\n${text}\n${fence}`;
  });
  return [...files, message.content].filter(Boolean).join('\n\n');
}

/** The path as messages of a chat request. Thinking goes back with its answer: tool loops need it, templates drop what is old. */
export function wireMessages(conversation, path) {
  const messages = conversation.system.trim() ? [{ role: 'system', content: conversation.system }] : [];
  for (const message of path) {
    if (message.role === 'user') messages.push({ role: 'user', content: contentWithAttachments(message) });
    else if (message.role === 'tool') messages.push({ role: 'tool', tool_call_id: message.toolCallId, name: message.name, content: message.content });
    else if (message.content || message.toolCalls?.length) messages.push(wireAnswer(message));
  }
  return messages;
}

function wireAnswer(message) {
  const answer = { role: 'assistant', content: message.content };
  if (message.reasoning !== undefined) answer.reasoning_content = message.reasoning;
  if (message.toolCalls?.length)
    answer.tool_calls = message.toolCalls.map(({ id, name, arguments: text }) => ({ id, type: 'function', function: { name, arguments: text } }));
  return answer;
}

/** A title from the first thing the user said. */
export function titleOf(conversation) {
  const first = pathOf(conversation).find(message => message.role === 'user');
  const text = (first?.content || first?.attachments?.[0]?.name || '').replace(/\s+/g, ' ').trim();
  return text.length > 60 ? `${text.slice(0, 57).trimEnd()}…` : text;
}
