// The examples of the CommonMark specification (package commonmark-spec; npm ci) are the oracle of the Markdown reader, section by section.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markdown } from '../../src/Crescent.Server/Page/js/markdown.js';
import { markup } from '../../src/Crescent.Server/Page/js/node.js';

const examples = await import('commonmark-spec').then(
  spec => spec.default.tests,
  () => null
);

/** Examples that differ by choice: models indent by accident more often than they mean code, HTML is text, links lead to the web only. */
const differing = {
  'Thematic breaks': { indentedCode: [48] },
  'ATX headings': { indentedCode: [69], emptyClosedHeading: [79] },
  'Setext headings': { oneMarkIsText: [83], indentedCode: [85, 100], underlineAfterLazyLine: [93] },
  'Fenced code blocks': { indentedCode: [134] },
  Paragraphs: { indentedCode: [225] },
  'Blank lines': {},
  'Block quotes': { indentedCode: [231, 236, 252] },
  'List items': { indentedCode: [253, 254, 257, 264, 270, 271, 272, 273, 274, 278, 286, 287, 288, 289, 290], nestedFromTwoSpaces: [295, 297] },
  Lists: { html: [308, 309], nestedFromTwoSpaces: [310, 312], indentedCode: [313], referenceDefinition: [317] },
  'Code spans': { html: [344], addressAsTyped: [346] },
  'Emphasis and strong emphasis': { linkWithinSite: [404, 419, 422, 433, 473, 474], html: [475, 476, 477] },
  'Hard line breaks': { html: [642, 643] },
  'Soft line breaks': {},
  'Textual content': {},
};

/** What the two ways to write a tree may differ in: spaces between blocks, attributes of ours. */
const plain = html =>
  html
    .replace(/<(br|hr) \/>/g, '<$1></$1>')
    .replace(/&quot;/g, '"')
    .replace(/ (?:target|rel|title|class|tabindex|data-language|data-source)="[^"]*"/g, '')
    .replace(/\n<\/code>/g, '</code>')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\s+<\/?/g, text => text.trim())
    .replace(/> +/g, '>')
    .trim();

for (const [section, choices] of Object.entries(differing)) {
  test(`CommonMark: ${section}`, { skip: examples ? false : 'commonmark-spec is not installed (npm ci)' }, () => {
    const differ = examples
      .filter(example => example.section === section)
      .filter(({ markdown: text, html }) => plain(markup(markdown(text.replaceAll('→', '\t')))) !== plain(html.replaceAll('→', '\t')))
      .map(example => example.number);
    assert.deepEqual(
      differ,
      Object.values(choices)
        .flat()
        .sort((a, b) => a - b)
    );
  });
}
