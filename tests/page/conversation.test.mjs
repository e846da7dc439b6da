import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addMessage,
  childrenOf,
  contentWithAttachments,
  newConversation,
  openCalls,
  pathOf,
  removeMessage,
  root,
  selectSibling,
  titleOf,
  wireMessages,
} from '../../src/Crescent.Server/Page/js/tree.js';
import { exported, imported, ImportRefused } from '../../src/Crescent.Server/Page/js/exchange.js';
import { openStore } from '../../src/Crescent.Server/Page/js/store.js';

function sample() {
  const conversation = newConversation('Be brief.');
  const question = addMessage(conversation, root, { role: 'user', content: 'One?', attachments: [{ name: 'a.txt', text: 'x ``` y' }] });
  const first = addMessage(conversation, question.id, {
    role: 'assistant',
    content: 'First',
    reasoning: '',
    toolCalls: [{ id: 'c1', name: 'f', arguments: '{}' }],
  });
  addMessage(conversation, first.id, { role: 'tool', content: '4', toolCallId: 'c1', name: 'f' });
  conversation.title = titleOf(conversation);
  return { conversation, question, first };
}

test('An edit or a regeneration is a sibling, and switching shows either', () => {
  const { conversation, question, first } = sample();
  const second = addMessage(conversation, question.id, { role: 'assistant', content: 'Second' });
  assert.deepEqual(
    pathOf(conversation).map(message => message.content),
    ['One?', 'Second']
  );
  selectSibling(conversation, second.id, -1);
  assert.deepEqual(
    pathOf(conversation).map(message => message.content),
    ['One?', 'First', '4']
  );
  selectSibling(conversation, first.id, -1);
  assert.equal(pathOf(conversation)[1].id, first.id);
  assert.equal(childrenOf(conversation, question.id).length, 2);
});

test('Removing a message removes what follows it', () => {
  const { conversation, first } = sample();
  removeMessage(conversation, first.id);
  assert.equal(Object.keys(conversation.messages).length, 1);
});

test('An answer to an unknown message is refused', () => assert.throws(() => addMessage(newConversation(), 'nobody', {}), RangeError));

test('On the wire: system, files in a longer fence, thinking and calls go back', () => {
  const { conversation } = sample();
  const [system, user, assistant, tool] = wireMessages(conversation, pathOf(conversation));
  assert.deepEqual(system, { role: 'system', content: 'Be brief.' });
  assert.match(user.content, /a\.txt\n````\nx ``` y\n````\n\nOne\?/);
  assert.deepEqual(assistant, {
    role: 'assistant',
    content: 'First',
    reasoning_content: '',
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
  });
  assert.deepEqual(tool, { role: 'tool', tool_call_id: 'c1', name: 'f', content: '4' });
  assert.equal(contentWithAttachments({ content: 'a' }), 'a');
});

test('Calls wait until they are answered', () => {
  const { conversation } = sample();
  const path = pathOf(conversation);
  assert.equal(openCalls(path.slice(0, 2)).length, 1);
  assert.equal(openCalls(path).length, 0);
  assert.equal(openCalls([]).length, 0);
});

test('An export comes in again, the same under new ids', () => {
  const { conversation } = sample();
  const [again] = imported(exported([conversation]));
  const plain = value => pathOf(value).map(({ id, parent, ...rest }) => rest);
  assert.deepEqual(plain(again), plain(conversation));
  assert.notEqual(again.id, conversation.id);
  assert.equal(again.system, 'Be brief.');
});

const hostile = {
  'no JSON': () => '{',
  'another format': () => '{"format":"x"}',
  null: () => 'null',
  'another version': file => JSON.stringify({ ...file, version: 2 }),
  'conversations no list': file => JSON.stringify({ ...file, conversations: {} }),
  'a conversation null': file => JSON.stringify({ ...file, conversations: [null] }),
  'content no text': file =>
    change(file, message => {
      message.content = { html: 'x' };
    }),
  'an unknown role': file =>
    change(file, message => {
      message.role = 'system';
    }),
  'an unknown parent': file =>
    change(file, message => {
      message.parent = 'nobody';
    }),
  'its own ancestor': file =>
    change(file, message => {
      message.parent = message.id;
    }),
  'parent is a built-in name': file =>
    change(file, message => {
      message.parent = 'constructor';
    }),
  'calls of the wrong shape': file =>
    change(file, message => {
      message.toolCalls = [{ id: 1 }];
    }),
  'tokens of the wrong shape': file =>
    change(file, message => {
      message.tokens = ['x'];
    }),
  'a date that is no number': file =>
    change(file, message => {
      message.created = '2026';
    }),
  'too many calls': file =>
    change(file, message => {
      message.toolCalls = Array(300).fill({ id: '', name: '', arguments: '' });
    }),
};
function change(file, alter) {
  alter(Object.values(file.conversations[0].messages)[0]);
  return JSON.stringify(file);
}
for (const [name, make] of Object.entries(hostile)) {
  test(`An import is refused: ${name}`, () => assert.throws(() => imported(make(JSON.parse(exported([sample().conversation])))), ImportRefused));
}

test('Unknown fields of an import are left behind, prototypes too', () => {
  const text = exported([sample().conversation]).replace('"role": "user"', '"role": "user", "evil": 1, "__proto__": {"polluted": 1}');
  const message = pathOf(imported(text)[0])[0];
  assert.equal(message.evil, undefined);
  assert.equal(message.polluted, undefined);
  assert.equal({}.polluted, undefined);
});

test('Without a database, conversations live in memory and say so', async () => {
  const store = await openStore(undefined);
  assert.equal(store.lasting, false);
  const { conversation } = sample();
  await store.save(conversation);
  conversation.title = 'changed after saving';
  assert.equal((await store.load(conversation.id)).title, 'One?');
  assert.deepEqual(
    (await store.summaries()).map(summary => summary.title),
    ['One?']
  );
  await store.remove(conversation.id);
  assert.deepEqual(await store.summaries(), []);
});
