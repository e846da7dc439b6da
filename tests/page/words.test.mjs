import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bytes, dictionaries, duration, setLanguage, t } from '../../src/Crescent.Server/Page/js/i18n.js';
import { align, tokenFinder } from '../../src/Crescent.Server/Page/js/alignment.js';
import { litPath } from '../../src/Crescent.Server/Page/js/moon.js';
import { Settings } from '../../src/Crescent.Server/Page/js/settings.js';

const folder = new URL('../../src/Crescent.Server/Page/', import.meta.url);
const scripts = readdirSync(new URL('js/', folder)).map(name => [name, readFileSync(new URL(`js/${name}`, folder), 'utf8')]);

test('Both languages have the same words with the same gaps', () => {
  assert.deepEqual(Object.keys(dictionaries.fr).sort(), Object.keys(dictionaries.en).sort());
  const gaps = text => [...text.matchAll(/\{\w+\}/g)].map(match => match[0]).sort();
  for (const key of Object.keys(dictionaries.en)) assert.deepEqual(gaps(dictionaries.fr[key]), gaps(dictionaries.en[key]), key);
});

test('Every word that the page asks for exists', () => {
  for (const [name, text] of scripts) for (const [, key] of text.matchAll(/\bt\('(\w+)'/g)) assert.ok(key in dictionaries.en, `${name}: ${key}`);
  for (const kind of ['offline', 'lost', 'busy', 'loading', 'context', 'key', 'missing', 'large', 'refused', 'broken', 'setup'])
    assert.ok(`error_${kind}Hint` in dictionaries.fr);
});

test('The language is the one chosen, else the first of the browser that the page speaks', () => {
  assert.equal(setLanguage('', ['de-DE', 'fr-CA', 'en']), 'fr');
  assert.equal(t('tokensPerSecond', { rate: 3 }), '3 jetons/s');
  assert.equal(bytes(43.2e9), '43,2\u00a0Go');
  assert.equal(setLanguage('en', ['fr']), 'en');
  assert.equal(duration(61500), '1\u00a0min 02\u00a0s');
  assert.equal(setLanguage('', []), 'en');
});

test('No inline script or style, no address outside, no markup from strings', () => {
  for (const name of ['index.html', ...readdirSync(new URL('css/', folder)).map(file => `css/${file}`)])
    assert.doesNotMatch(
      readFileSync(new URL(name, folder), 'utf8').replaceAll('http://www.w3.org/2000/svg', ''),
      /https?:|style=|<script(?![^>]*src=)|\son\w+=/,
      name
    );
  for (const [name, text] of scripts)
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\('style'/, name);
});

test('Files stay small', () => {
  for (const [name, text] of scripts) assert.ok(text.split('\n').length <= 300, name);
});

test('The moon waxes from new to full', () => {
  assert.match(litPath(0, 10), /A10\.000 10 0 0 0/);
  assert.match(litPath(0.5, 10), /A0\.000/);
  assert.match(litPath(1, 10), /A10\.000 10 0 0 1/);
});

test('What is shown is traced to its source, formulas and markers passed over', () => {
  const source = 'The **router** has $k$ of [them](https://a.b) in `code`.';
  const runs = ['The ', 'router', ' has ', { skip: '$k$' }, ' of ', 'them', ' in ', 'code', '.'];
  const shown = runs.filter(run => typeof run === 'string').join('');
  const offsets = align(source, runs);
  for (const word of ['The', 'router', 'has', 'of', 'them', 'code']) assert.equal(offsets[shown.indexOf(word)], source.indexOf(word), word);
});

test('Tokens are found by offset, also behind thinking, and not at all where they differ', () => {
  const find = tokenFinder(
    [
      ['Hm', 0],
      ['.', 0],
      ['A', 0],
      [' b', 0],
    ],
    'A b'
  );
  assert.deepEqual(find(0), { index: 2, from: 0, to: 1 });
  assert.deepEqual(find(2), { index: 3, from: 1, to: 3 });
  assert.equal(tokenFinder([['x', 0]], 'y'), null);
});

const storage = values => ({
  getItem: key => values[key] ?? null,
  setItem: (key, value) => {
    values[key] = value;
  },
  removeItem: key => {
    delete values[key];
  },
});

test('Settings: only what is set goes to the server; the key stays out of the lasting storage; spoilt values are left', () => {
  const lasting = { 'crescent-settings': '{"theme":"dark","sampler":null,"presets":{},"unknown":1,"effort":5}' };
  const settings = new Settings(storage(lasting), storage({}));
  assert.equal(settings.get('theme'), 'dark');
  assert.deepEqual(settings.requestFields(), {});
  settings.set('sampler', { temperature: 0.5 });
  settings.set('probabilities', true);
  settings.apiKey = 'secret';
  assert.deepEqual(settings.requestFields(), { temperature: 0.5, logprobs: true, top_logprobs: 5 });
  assert.equal(settings.apiKey, 'secret');
  assert.doesNotMatch(JSON.stringify(lasting), /secret/);
  settings.set('schemaText', '{');
  settings.set('schemaOn', true);
  assert.throws(() => settings.requestFields(), SyntaxError);
  const forbidden = new Settings(null, null);
  forbidden.apiKey = 'kept by the page';
  forbidden.set('theme', 'dark');
  assert.deepEqual([forbidden.apiKey, forbidden.get('theme')], ['kept by the page', 'dark']);
  assert.deepEqual(new Settings(storage({ 'crescent-settings': 'broken' }), storage({})).requestFields(), {});
});
