import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocks, markdown } from '../../src/Crescent.Server/Page/js/markdown.js';
import { highlight } from '../../src/Crescent.Server/Page/js/highlight.js';
import { markup, textOf } from '../../src/Crescent.Server/Page/js/node.js';

const html = (text, growing) => markup(markdown(text, growing)).replace(/ data-source="[^"]*"/g, '');

const cases = [
  ['headings and emphasis', '# Hi *you*\n\na **b *c* d** ~~e~~', '<h1>Hi <em>you</em></h1><p>a <strong>b <em>c</em> d</strong> <del>e</del></p>'],
  ['underscores within words stay', 'snake_case_name and 2 * 3 * 4', '<p>snake_case_name and 2 * 3 * 4</p>'],
  ['code keeps its markers', '`**a**` ``b ` c``', '<p><code>**a**</code> <code>b ` c</code></p>'],
  ['tight and nested lists', '- a\n- b\n  1. c\n  2. d\n- e', '<ul><li>a</li><li>b<ol><li>c</li><li>d</li></ol></li><li>e</li></ul>'],
  ['loose lists', '1. a\n\n2. b', '<ol><li><p>a</p></li><li><p>b</p></li></ol>'],
  [
    'numbered items hold code',
    '3. x\n   ```js\n   let a\n   ```\n4. y',
    '<ol start="3"><li>x<pre data-language="js"><code>let a</code></pre></li><li>y</li></ol>',
  ],
  [
    'task lists',
    '- [x] a\n- [ ] b',
    '<ul><li class="task"><input type="checkbox" disabled checked></input>a</li><li class="task"><input type="checkbox" disabled></input>b</li></ul>',
  ],
  [
    'tables align, and bars in code do not divide',
    '|a|b|\n|-|-:|\n|`x|y`|2\\|3|',
    '<div class="table" tabindex="0"><table><thead><tr><th>a</th><th class="align-right">b</th></tr></thead><tbody><tr><td><code>x|y</code></td><td class="align-right">2|3</td></tr></tbody></table></div>',
  ],
  ['quotes nest', '> a\n> > b', '<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>'],
  ['markup is text', '<script>alert(1)</script> <img src=x onerror=y>', '<p>&lt;script&gt;alert(1)&lt;/script&gt; &lt;img src=x onerror=y&gt;</p>'],
  ['line breaks', 'a  \nb\\\nc<br>d', '<p>a  <br></br>b<br></br>c<br></br>d</p>'],
  [
    'display formulas',
    'so\n$$\nx^2\n$$\nand',
    '<p>so</p><div class="math-display"><math display="block"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math></div><p>and</p>',
  ],
  ['inline formulas in both spellings', '$a$ and \\(b\\)', '<p><math><mrow><mi>a</mi></mrow></math> and <math><mrow><mi>b</mi></mrow></math></p>'],
  ['amounts of money are no formulas', 'from $5 to $10, or US$3', '<p>from $5 to $10, or US$3</p>'],
  ['an open fence is code', '```py\na = 1', '<pre data-language="py"><code>a = 1</code></pre>'],
  ['a longer fence holds a shorter', '````\n```\nx\n```\n````', '<pre data-language=""><code>```\nx\n```</code></pre>'],
];
for (const [name, text, expected] of cases) test(`Markdown: ${name}`, () => assert.equal(html(text), expected));

test('Only web and mail addresses become links, without a window to the page', () => {
  assert.match(html('[a](https://b.c/d_(e))'), /<a href="https:\/\/b\.c\/d_\(e\)" target="_blank" rel="noopener noreferrer">a<\/a>/);
  for (const address of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '//evil.example',
    'file:///etc/passwd',
    ' javascript:x',
  ]) {
    assert.doesNotMatch(html(`[a](${address}) [b](<${address}>) <${address}>`), /<a /, address);
  }
  assert.match(html('See https://x.y/z, (https://x.y/a).'), /href="https:\/\/x\.y\/z".*href="https:\/\/x\.y\/a"/);
});

test('A picture is a link: nothing is loaded from elsewhere', () => assert.doesNotMatch(html('![a](https://b.c/d.png)'), /<img/));

test('While a text grows, open markers count as closed and bare ones wait', () => {
  assert.equal(html('a **bo', true), '<p>a <strong>bo</strong></p>');
  assert.equal(html('a **', true), '<p>a </p>');
  assert.equal(html('a `b', true), '<p>a <code>b</code></p>');
  assert.equal(html('see [li', true), '<p>see li</p>');
  assert.equal(html('see [link](http', true), '<p>see link</p>');
  assert.match(html('$$\n\\frac{a', true), /math-open/);
});

const long =
  '# A\n\nText **bold** and `code` with $x_1$.\n\n- one\n- two\n  ```c\n  int a;\n  ```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote *it*\n\n\\[\\sum_{i=1}^n i\\]\n\nEnd [link](https://a.b).';

test('Every prefix of a text renders, and ends as the whole', () => {
  for (let length = 0; length <= long.length; length++) markdown(long.slice(0, length), true);
  assert.equal(html(long, true), html(long, false));
});

test('Blocks before the last two keep their source while a text grows', () => {
  let before = [];
  for (let length = 1; length <= long.length; length++) {
    const now = blocks(long.slice(0, length)).map(block => block.source);
    for (let i = 0; i < before.length - 2; i++) assert.equal(now[i], before[i]);
    before = now;
  }
});

test('Random texts of markers render in time and lose no letters', () => {
  let seed = 1;
  const random = n => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % n;
  };
  const parts = [
    '*',
    '**',
    '_',
    '`',
    '```',
    '\n',
    '\n\n',
    '- ',
    '1. ',
    '> ',
    '|',
    '|-|',
    '$',
    '$$',
    '\\[',
    '\\(',
    '\\)',
    '[',
    '](',
    ')',
    '<',
    '#',
    '    ',
    'Q',
    'Q ',
    '~~',
    '\\',
    '{',
    '}',
    '\\frac',
    '^',
    '&',
  ];
  for (let round = 0; round < 1500; round++) {
    const text = Array.from({ length: random(60) }, () => parts[random(parts.length)]).join('');
    const rendered = textOf(markdown(text, false)) + html(text);
    if (!/[[<`]/.test(text)) assert.ok(rendered.split('Q').length >= text.split('Q').length, JSON.stringify(text));
    markdown(text, true);
  }
});

test('Long hostile texts render', { timeout: 30000 }, () => {
  for (const text of [
    '*a '.repeat(5000),
    '['.repeat(5000),
    '`'.repeat(5001) + 'a',
    '> '.repeat(3000),
    '$a'.repeat(5000),
    '<'.repeat(5000),
    '- '.repeat(3000),
    '[a]('.repeat(3000),
    '{'.repeat(5000),
    '$' + '{'.repeat(9000) + '$',
    '$' + '\\frac'.repeat(3000) + '$',
  ])
    markdown(text, true);
});

test('Colouring changes no character', () => {
  const samples = {
    csharp: 'public int F(string a) => 1.5f; // hi\n"a\\"b" \'c\' /* open',
    python: 'def f(x):\n  """doc"""\n  return f"{x}" # end',
    html: '<a href="x">t</a> <!-- c -->',
    diff: '+a\n-b\n@@ c',
    json: '{"a": [1, true, "x"]}',
    sql: 'SELECT a FROM b -- c',
    sh: 'echo "$A" # b',
    unknown: 'x',
  };
  for (const [language, code] of Object.entries(samples)) assert.equal(textOf(highlight(code, language)), code);
  assert.match(markup(highlight('return 1', 'js')), /code-keyword">return/);
  assert.match(markup(highlight('{"a": "b"}', 'json')), /code-key">"a".*code-string">"b"/);
});
