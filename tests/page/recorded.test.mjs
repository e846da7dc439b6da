// Streams that four vendors of Kimi K2 really sent. The client they were recorded with sent back the calls it had read: ours must read the same.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { Answer } from '../../src/Crescent.Server/Page/js/answer.js';
import { EventParser } from '../../src/Crescent.Server/Page/js/sse.js';

const data = process.env.CRESCENT_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const folder = `${data}/recorded/kimi-k2`;
const files = existsSync(folder) ? readdirSync(folder).filter(name => /streaming\.yaml$/.test(name)) : [];
const skip = files.length ? false : 'the recorded streams are not at $CRESCENT_DATA';

/** The exchanges of a go-vcr file: {request, stream}. */
function exchanges(name) {
  return readFileSync(`${folder}/${name}`, 'utf8')
    .split(/^- id: \d+$/m)
    .slice(1)
    .map(text => ({
      request: JSON.parse(/^ {4}body: '(.*)'$/m.exec(text)[1].replaceAll("''", "'")),
      stream: /^ {4}body: \|\+?\n((?: {6}.*\n|\n)*)/m.exec(text)[1].replace(/^ {6}/gm, ''),
    }));
}

function read(stream) {
  const answer = new Answer({ role: 'assistant', content: '' });
  const parser = new EventParser();
  const chunks = [...parser.push(stream), ...parser.push('\n\n')];
  assert.equal(chunks.pop(), '[DONE]');
  for (const chunk of chunks) answer.take(JSON.parse(chunk));
  return answer.finish();
}

test('Recorded streams: every answer ends, and calls are read as the recorded client read them', { skip }, () => {
  let compared = 0;
  for (const name of files) {
    const recorded = exchanges(name);
    recorded.forEach(({ stream }, i) => {
      const message = read(stream);
      assert.ok(['stop', 'tool_calls'].includes(message.finish), `${name}: ${message.finish}`);
      assert.ok(message.stats.tokens > 0, name);
      const sent = recorded[i + 1]?.request.messages.find(other => other.tool_calls)?.tool_calls;
      if (!sent) return;
      compared++;
      assert.deepEqual(
        message.toolCalls.map(call => [call.id, call.name, JSON.parse(call.arguments)]),
        sent.map(call => [call.id, call.function.name, JSON.parse(call.function.arguments)]),
        name
      );
    });
  }
  assert.ok(compared >= 7, `${compared} compared`);
});

test('Recorded streams: the thinking stream has its thinking', { skip }, () => {
  const [first] = exchanges('avian-kimi__thinking-streaming.yaml');
  const message = read(first.stream);
  assert.ok(message.reasoning.length > 20 && message.toolCalls.length === 1);
});
