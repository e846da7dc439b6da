// What TeX's commands stand for. `parser` is a MathParser that stands behind the command's name.
import { node } from './node.js';
import { accents, delimiters, functions, largeOperators, letters, operators, spaces, stretchyAccents, upright } from './math-symbols.js';
import { environment } from './math-environments.js';

const alphabetCommands = new Map([
  ['mathbf', 'bold'],
  ['bf', 'bold'],
  ['boldsymbol', 'bold-italic'],
  ['bm', 'bold-italic'],
  ['mathbb', 'blackboard'],
  ['Bbb', 'blackboard'],
  ['mathcal', 'script'],
  ['mathscr', 'script'],
  ['mathfrak', 'fraktur'],
  ['mathsf', 'sans'],
  ['mathtt', 'typewriter'],
  ['mathrm', 'upright'],
  ['mathit', 'italic'],
  ['mathnormal', 'italic'],
]);
const textClasses = new Map([
  ['text', ''],
  ['textrm', ''],
  ['textnormal', ''],
  ['textsf', ''],
  ['mbox', ''],
  ['textbf', 'math-bold'],
  ['textit', 'math-italic'],
  ['texttt', 'math-mono'],
]);
const sizes = new Map([
  ['big', 1.2],
  ['Big', 1.8],
  ['bigg', 2.4],
  ['Bigg', 3],
]);
const ignored = new Set('displaystyle textstyle scriptstyle limits nolimits nonumber notag hline allowbreak relax'.split(' '));

export const operator = (text, attributes) => node('mo', attributes, text);
const fraction = (parser, attributes) => node('mfrac', attributes, parser.argument(), parser.argument());
const styled = (parser, displaystyle) => node('mstyle', { displaystyle }, fraction(parser));
const bracket = text => operator(text, { stretchy: 'false' });

/** Commands with arguments. */
const structures = new Map(
  Object.entries({
    frac: parser => fraction(parser),
    dfrac: parser => styled(parser, 'true'),
    cfrac: parser => styled(parser, 'true'),
    tfrac: parser => styled(parser, 'false'),
    binom: parser => node('mrow', {}, operator('('), fraction(parser, { linethickness: '0' }), operator(')')),
    sqrt: root,
    left: fenced,
    begin: parser => environment(parser, parser.rawArgument()),
    operatorname: parser => functionName(parser.rawArgument(), false),
    'operatorname*': parser => functionName(parser.rawArgument(), true),
    underline: parser => accent(parser, 'munder', '_', true),
    underbrace: parser => accent(parser, 'munder', '⏟', true),
    overset: parser => stacked(parser, 'mover'),
    stackrel: parser => stacked(parser, 'mover'),
    underset: parser => stacked(parser, 'munder'),
    xrightarrow: parser => longArrow(parser, '→'),
    xleftarrow: parser => longArrow(parser, '←'),
    boxed: parser => node('mrow', { class: 'math-boxed' }, parser.argument()),
    fbox: parser => node('mrow', { class: 'math-boxed' }, parser.argument()),
    phantom: parser => node('mphantom', {}, parser.argument()),
    bmod: () => operator('mod', { lspace: '0.25em', rspace: '0.25em' }),
    mod: parser => node('mrow', {}, node('mspace', { width: '0.5em' }), modulo(parser)),
    pmod: parser => node('mrow', {}, node('mspace', { width: '0.5em' }), bracket('('), modulo(parser), bracket(')')),
    not: negated,
    tag: parser => node('mtext', { class: 'math-tag' }, `\u2003(${parser.rawArgument()})`),
    'tag*': parser => node('mtext', { class: 'math-tag' }, `\u2003${parser.rawArgument()}`),
    label: parser => (parser.rawArgument(), node('mrow')),
    color: parser => (parser.rawArgument(), node('mrow')),
    textcolor: parser => (parser.rawArgument(), parser.argument()),
    dbinom: parser => structures.get('binom')(parser),
    tbinom: parser => structures.get('binom')(parser),
    mathop: parser => parser.argument(),
    mathbin: parser => parser.argument(),
    mathrel: parser => parser.argument(),
    mathord: parser => parser.argument(),
  })
);

/** The node of a command; null for one that draws nothing. One that is not known is shown as typed: its source starts at `start`. */
export function command(parser, name, start) {
  return (
    symbol(parser, name) ??
    (ignored.has(name) ? null : (structured(parser, name) ?? node('mtext', { class: 'math-unknown' }, parser.source.slice(start, parser.at))))
  );
}

/** Commands that stand for one character or word. */
function symbol(parser, name) {
  if (letters.has(name)) return parser.identifier(letters.get(name));
  if (upright.has(name)) return node('mi', { mathvariant: 'normal' }, upright.get(name));
  if (operators.has(name)) return operator(operators.get(name));
  if (largeOperators.has(name)) {
    const { text, limits } = largeOperators.get(name);
    return operator(text, { largeop: 'true', ...(limits ? { movablelimits: 'true' } : {}) });
  }
  if (functions.has(name)) return functionName(name.replace(/^(lim|arg)(sup|inf|max|min)$/, '$1 $2'), functions.get(name));
  if (delimiters.has(name)) return bracket(delimiters.get(name));
  if (spaces.has(name)) return node('mspace', { width: `${spaces.get(name)}em` });
}

function structured(parser, name) {
  if (accents.has(name)) return accent(parser, 'mover', accents.get(name), stretchyAccents.has(name));
  if (name === 'bf') return parser.switchAlphabet('bold');
  if (alphabetCommands.has(name)) return parser.inAlphabet(alphabetCommands.get(name));
  if (textClasses.has(name)) return text(parser, textClasses.get(name));
  const size = /^(bigg?|Bigg?)[lrm]?$/.exec(name);
  if (!size) return structures.get(name)?.(parser);
  const length = `${sizes.get(size[1])}em`;
  return operator(parser.delimiter(), { stretchy: 'true', minsize: length, maxsize: length });
}

function text(parser, className) {
  const words = parser.rawArgument().replace(/\\([%$#&_{}])/g, '$1');
  return node('mtext', className ? { class: className } : {}, words.replace(/^ | $/g, '\u00a0'));
}

function functionName(words, limits) {
  const space = { lspace: '0.1em', rspace: '0.17em', stretchy: 'false' };
  return operator(words, limits ? { movablelimits: 'true', ...space } : { ...space, form: 'prefix' });
}

function accent(parser, tag, mark, stretchy) {
  const attributes = tag === 'mover' ? { accent: 'true' } : { accentunder: 'true' };
  return node(tag, attributes, parser.argument(), operator(mark, { stretchy: String(stretchy), lspace: '0', rspace: '0' }));
}

function root(parser) {
  const index = parser.optionalArgument();
  return index ? node('mroot', {}, parser.argument(), index) : node('msqrt', {}, parser.argument());
}

function stacked(parser, tag) {
  const mark = parser.argument();
  return node(tag, {}, parser.argument(), mark);
}

function longArrow(parser, arrow) {
  return node('mover', {}, operator(arrow, { stretchy: 'true' }), node('mpadded', { lspace: '0.4em', width: '+0.8em' }, parser.argument()));
}

const modulo = parser => [operator('mod', { lspace: '0', rspace: '0.3em' }), parser.argument()];

function negated(parser) {
  const atom = parser.atom();
  if (typeof atom?.children[0] === 'string') atom.children[0] += '\u0338';
  return atom;
}

/** \left … \middle … \right: delimiters that grow with what they hold. */
function fenced(parser) {
  const fence = form => operator(parser.delimiter(), { fence: 'true', stretchy: 'true', form });
  const nodes = [fence('prefix')];
  while (true) {
    nodes.push(...parser.row());
    const rest = parser.source.slice(parser.at, parser.at + 8);
    const name = /^&|^\\(?:right|middle)/.exec(rest)?.[0];
    if (!name) return node('mrow', {}, nodes);
    parser.at += name.length;
    if (name !== '&') nodes.push(fence(name === '\\right' ? 'postfix' : 'infix'));
    if (name === '\\right') return node('mrow', {}, nodes);
  }
}
