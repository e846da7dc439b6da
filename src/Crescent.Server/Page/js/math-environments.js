// \begin{…} … \end{…}: matrices, cases and aligned lines.
import { node } from './node.js';

const fences = { pmatrix: '()', bmatrix: '[]', Bmatrix: '{}', vmatrix: '||', Vmatrix: '‖‖', cases: '{', rcases: ' }', dcases: '{' };
// Names of the fences, for fonts that cannot stretch them.
const shapes = { '()': 'round', '[]': 'square', '{}': 'brace', '||': 'line', '‖‖': 'double', '{': 'left', ' }': 'right' };
const known = /^(p|b|B|v|V|small)?matrix$|^[dr]?cases$|^align(ed|at)?$|^split$|^gather(ed)?$|^equation$|^eqnarray$|^array$|^multline$|^displaymath$|^subarray$/;

/** The environment that a parser stands in after \begin{name}. */
export function environment(parser, fullName) {
  const name = fullName.replace(/\*$/, '');
  if (!known.test(name)) return node('mtext', { class: 'math-unknown' }, `\\begin{${fullName}}`);
  const columns = name === 'array' || name === 'subarray' ? parser.rawArgument().replace(/[^lcr]/g, '') : null;
  const table = node(
    'mtable',
    tableAttributes(name),
    readRows(parser).map(cells =>
      node(
        'mtr',
        {},
        cells.map((cell, i) => node('mtd', cellAttributes(name, columns, i), cell))
      )
    )
  );
  const [open, close] = fences[name] ?? '';
  const fence = (text, form) => (text && text !== ' ' ? [node('mo', { fence: 'true', stretchy: 'true', form }, text)] : []);
  if (open) table.attributes.class = `math-fenced-${shapes[open + (close ?? '')]}`;
  return node('mrow', {}, fence(open, 'prefix'), table, fence(close, 'postfix'));
}

/** Rows of cells, up to and with \end{…}. */
function readRows(parser) {
  const rows = [[[]]];
  while (parser.at < parser.source.length) {
    rows.at(-1)[rows.at(-1).length - 1].push(...parser.row());
    const c = parser.source[parser.at];
    if (c === '&') {
      parser.at++;
      rows.at(-1).push([]);
      continue;
    }
    if (c !== '\\') break;
    const start = parser.at;
    const command = parser.command();
    if (command === 'end') {
      parser.rawArgument();
      break;
    }
    if (command !== '\\' && command !== 'cr') {
      parser.at = start;
      break;
    }
    const gap = /^\s*\[[^\]]*\]/.exec(parser.source.slice(parser.at, parser.at + 20));
    if (gap) parser.at += gap[0].length;
    rows.push([[]]);
  }
  if (rows.length > 1 && rows.at(-1).length === 1 && rows.at(-1)[0].length === 0) rows.pop();
  return rows;
}

function tableAttributes(name) {
  if (/^(align|split|gather|equation|eqnarray|multline)/.test(name)) return { class: 'math-lines', displaystyle: 'true' };
  return name === 'dcases' ? { displaystyle: 'true' } : {};
}

function cellAttributes(name, columns, index) {
  const side = /^[dr]?cases$/.test(name)
    ? 'l'
    : columns
      ? (columns[index] ?? 'c')
      : /^(align|split)/.test(name)
        ? index % 2
          ? 'l'
          : 'r'
        : name === 'eqnarray'
          ? 'rcl'[index]
          : 'c';
  return side === 'l' ? { class: 'math-left' } : side === 'r' ? { class: 'math-right' } : {};
}
