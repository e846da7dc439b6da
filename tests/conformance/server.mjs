// Starts `crescent serve` over a small model, or takes the server at CRESCENT_URL.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../..');
const data = process.env.CRESCENT_DATA ?? path.join(root, '../shared/data');
const crescent = process.env.CRESCENT ?? path.join(root, 'artifacts/bin/Crescent.Cli/release/crescent');
const model = process.env.CRESCENT_MODEL ?? path.join(data, 'weights/stories260K/stories260K.gguf');

/** @param synthetic preset of `crescent synth`: a model with its family's markers, which can be bound to calls. */
export async function startServer({ synthetic } = {}) {
  if (process.env.CRESCENT_URL) {
    return { url: process.env.CRESCENT_URL, key: process.env.CRESCENT_KEY ?? 'none', stop: async () => {} };
  }

  const folder = await mkdtemp(path.join(tmpdir(), 'crescent-conformance-'));
  const key = 'conformance-key';
  await writeFile(path.join(folder, 'keys'), `${key}\n`);
  const file = synthetic && !process.env.CRESCENT_MODEL ? path.join(folder, `${synthetic}.gguf`) : model;
  if (file !== model) {
    execFileSync(crescent, ['synth', synthetic, file], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  const options = ['serve', file, '--name', 'tiny', '--template', 'kimi-k2', '--context', '4096', '--port', '0', '--api-key-file', path.join(folder, 'keys'), '--drain', '1', '--queue-timeout', '60'];
  const server = spawn(crescent, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    server.once('error', reject);
    ended.then((code) => reject(new Error(`crescent serve ended with ${code}`)));
    createInterface({ input: server.stdout }).on('line', (line) => line.startsWith('listening on ') && resolve(line.slice('listening on '.length).split(',')[0]));
  });
  return {
    url,
    key,
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

/** Until no answer is being generated: an aborted one must end by itself. */
export async function untilIdle({ url, key }) {
  for (let i = 0; i < 500; i++) {
    const slots = await (await fetch(`${url}/slots`, { headers: { authorization: `Bearer ${key}` } })).json();
    if (slots.every((slot) => !slot.is_processing)) {
      return;
    }

    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  throw new Error('expected the aborted answer to end, found it goes on');
}

/** The token that ends an answer: llama-server's extras name it. */
export async function endToken({ url, key }) {
  const headers = { authorization: `Bearer ${key}` };
  const { eos_token } = await (await fetch(`${url}/tokenizer_info`, { headers })).json();
  const { tokens } = await (await fetch(`${url}/tokenize`, { method: 'POST', headers, body: JSON.stringify({ content: eos_token, parse_special: true }) })).json();
  return tokens.at(-1);
}

export const long = 'word '.repeat(3000);
