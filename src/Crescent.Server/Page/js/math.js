// TeX formulas to MathML (MathML Core). What is not known is shown as typed.
import { node } from './node.js';
import { accents, delimiters, functions, inAlphabet, largeOperators, letters, operators, spaces, stretchyAccents, upright } from './math-symbols.js';
import { environment } from './math-environments.js';

const longestSource = 20000;
const deepest = 80;
const alphabetCommands = new Map([
  ['mathbf', 'bold'], ['bf', 'bold'], ['boldsymbol', 'bold-italic'], ['bm', 'bold-italic'], ['mathbb', 'blackboard'], ['Bbb', 'blackboard'], ['mathcal', 'script'],
  ['mathscr', 'script'], ['mathfrak', 'fraktur'], ['mathsf', 'sans'], ['mathtt', 'typewriter'], ['mathrm', 'upright'], ['mathit', 'italic'], ['mathnormal', 'italic'],
]);
const textCommands = new Map([['text', ''], ['textrm', ''], ['textnormal', ''], ['mbox', ''], ['textbf', 'math-bold'], ['textit', 'math-italic'], ['texttt', 'math-mono'], ['textsf', '']]);
const sizes = new Map([['big', 1.2], ['Big', 1.8], ['bigg', 2.4], ['Bigg', 3]]);
const ignored = new Set(['displaystyle', 'textstyle', 'scriptstyle', 'limits', 'nolimits', 'nonumber', 'notag', 'hline', 'allowbreak', 'relax']);

/** A formula as a MathML tree; display formulas stand on their own line. */
export function math(source, display = false) {
  const tex = source.trim();
  const rows = tex.length > longestSource ? [node('mtext', {}, tex)] : new MathParser(tex).all();
  return node('math', { ...(display ? { display: 'block' } : {}), 'data-source': source }, node('mrow', {}, rows));
}

const row = nodes => nodes.length === 1 ? nodes[0] : node('mrow', {}, nodes);
const operator = (text, attributes) => node('mo', attributes, text);

const isSign = atom => atom.tag === 'mo' && ['−', '+', '±', '∓'].includes(atom.children[0]);

/** A sign after an operator belongs to what follows: it stands close to it. */
const isBeforeSign = before => before?.tag === 'mo' && !['′', '!', ')', ']', '}', '|', '⟩', '⌋', '⌉'].includes(before.children[0]);

/** Reads one formula; `at` is the position of the next character. */
export class MathParser {
  constructor(source) {
    this.source = source;
    this.at = 0;
    this.depth = 0;
    this.alphabet = null;
  }

  /** The whole formula: stray closers are shown as typed. */
  all() {
    const nodes = [];
    while (true) {
      nodes.push(...this.row());
      if (this.at >= this.source.length) return nodes;
      if (this.source[this.at] === '\\') nodes.push(this.command() === '\\' ? node('mspace', { linebreak: 'newline' }) : node('mtext', { class: 'math-unknown' }, '\\'));
      else nodes.push(node('mtext', { class: 'math-unknown' }, this.source[this.at++]));
    }
  }

  /** Atoms with their scripts, up to something that ends a row: } & \\ \right \end ] when asked. */
  row(stop = '') {
    const nodes = [];
    while (!this.atEnd(stop)) {
      const atom = this.atom();
      if (!atom) continue;
      if (isSign(atom) && isBeforeSign(nodes.at(-1))) atom.attributes.form = 'prefix';
      nodes.push(this.scripts(atom));
    }
    return nodes;
  }

  atEnd(stop) {
    this.skipSpace();
    if (this.at >= this.source.length) return true;
    const c = this.source[this.at];
    return c === '}' || c === '&' || c === stop || (c === '\\' && /^\\(\\|right(?![a-z])|end(?![a-z])|middle(?![a-z])|cr(?![a-z]))/.test(this.source.slice(this.at, this.at + 8)));
  }

  skipSpace() {
    while (/\s/.test(this.source[this.at] ?? '') || this.source[this.at] === '%') {
      if (this.source[this.at] === '%') { const end = this.source.indexOf('\n', this.at); this.at = end < 0 ? this.source.length : end; } else this.at++;
    }
  }

  /** The name after a backslash. */
  command() {
    const match = /^\\((?:operatorname|tag)\*|[A-Za-z]+|[\s\S]|$)/.exec(this.source.slice(this.at, this.at + 40));
    this.at += match[0].length;
    return match[1];
  }

  /** A group in braces, or one atom, as one node. */
  argument() {
    this.skipSpace();
    if (this.at >= this.source.length) return node('mrow');
    if (this.source[this.at] !== '{') {
      if (this.atEnd('')) return node('mrow');
      return /[0-9]/.test(this.source[this.at]) ? this.character(this.source[this.at++]) : this.atom() ?? node('mrow');
    }
    this.at++;
    const outer = this.alphabet;
    const nodes = this.row();
    while (this.source[this.at] === '&') { this.at++; nodes.push(...this.row()); }
    if (this.source[this.at] === '}') this.at++;
    this.alphabet = outer;
    return row(nodes);
  }

  /** The characters of a group in braces, as they are. */
  rawArgument() {
    this.skipSpace();
    if (this.source[this.at] !== '{') return this.source[this.at++] ?? '';
    let level = 0;
    const start = this.at + 1;
    for (; this.at < this.source.length; this.at++) {
      if (this.source[this.at] === '\\') this.at++;
      else if (this.source[this.at] === '{') level++;
      else if (this.source[this.at] === '}' && --level === 0) return this.source.slice(start, this.at++);
    }
    return this.source.slice(start);
  }

  optionalArgument() {
    this.skipSpace();
    if (this.source[this.at] !== '[') return null;
    this.at++;
    const nodes = this.row(']');
    if (this.source[this.at] === ']') this.at++;
    return row(nodes);
  }

  /** One atom without its scripts; null for a command that draws nothing. Beyond the deepest nesting the rest is text. */
  atom() {
    this.skipSpace();
    if (this.depth >= deepest) { const rest = this.source.slice(this.at); this.at = this.source.length; return node('mtext', {}, rest); }
    this.depth++;
    const atom = this.readAtom();
    this.depth--;
    return atom;
  }

  readAtom() {
    const c = this.source[this.at];
    if (c === '{') return this.argument();
    if (c === '\\') { const start = this.at; return this.commandAtom(this.command(), start); }
    if (c === '^' || c === '_') return node('mrow');
    const number = /^[0-9]+(?:[.,][0-9]+)*|^\.[0-9]+/.exec(this.source.slice(this.at, this.at + 60));
    if (number) { this.at += number[0].length; return node('mn', {}, this.styled(number[0])); }
    const character = String.fromCodePoint(this.source.codePointAt(this.at));
    this.at += character.length;
    return this.character(character);
  }

  styled(text) {
    return this.alphabet && !['upright', 'italic'].includes(this.alphabet) ? [...text].map(c => inAlphabet(c, this.alphabet)).join('') : text;
  }

  identifier(character) {
    const attributes = this.alphabet && this.alphabet !== 'italic' ? { mathvariant: 'normal' } : {};
    return node('mi', attributes, this.styled(character));
  }

  character(c) {
    if (/\p{L}/u.test(c)) return this.identifier(c);
    if (/[0-9]/.test(c)) return node('mn', {}, this.styled(c));
    if (c === "'") return operator('′');
    if (c === '~') return node('mspace', { width: '0.25em' });
    if ('()[]|/'.includes(c)) return operator(c, { stretchy: 'false', ...(c === '|' || c === '/' ? { lspace: '0', rspace: '0' } : {}) });
    return operator(c === '-' ? '−' : c === '*' ? '∗' : c);
  }

  commandAtom(name, start) {
    if (letters.has(name)) return this.identifier(letters.get(name));
    if (upright.has(name)) return node('mi', { mathvariant: 'normal' }, upright.get(name));
    if (operators.has(name)) return operator(operators.get(name));
    if (largeOperators.has(name)) { const large = largeOperators.get(name); return operator(large.text, { largeop: 'true', ...(large.limits ? { movablelimits: 'true' } : {}) }); }
    if (functions.has(name)) return this.functionName(name.replace(/^(lim|arg)(sup|inf|max|min)$/, '$1 $2'), functions.get(name));
    if (delimiters.has(name)) return operator(delimiters.get(name), { stretchy: 'false' });
    if (spaces.has(name)) return node('mspace', { width: `${spaces.get(name)}em` });
    if (accents.has(name)) return this.accent('mover', accents.get(name), stretchyAccents.has(name));
    if (alphabetCommands.has(name)) return this.inAlphabet(alphabetCommands.get(name), name === 'bf');
    if (textCommands.has(name)) return node('mtext', textCommands.get(name) ? { class: textCommands.get(name) } : {}, this.rawArgument().replace(/\\([%$#&_{}])/g, '$1').replace(/^ | $/g, '\u00a0'));
    if (ignored.has(name)) return null;
    const size = /^(bigg?|Bigg?)[lrm]?$/.exec(name);
    if (size) { const length = `${sizes.get(size[1])}em`; return operator(this.delimiter(), { stretchy: 'true', minsize: length, maxsize: length }); }
    return this.structure(name) ?? node('mtext', { class: 'math-unknown' }, this.source.slice(start, this.at));
  }

  /** Commands with arguments; undefined when there is no such command. */
  structure(name) {
    switch (name) {
      case 'frac': return node('mfrac', {}, this.argument(), this.argument());
      case 'dfrac': case 'cfrac': return node('mstyle', { displaystyle: 'true' }, node('mfrac', {}, this.argument(), this.argument()));
      case 'tfrac': return node('mstyle', { displaystyle: 'false' }, node('mfrac', {}, this.argument(), this.argument()));
      case 'binom': case 'dbinom': case 'tbinom': return node('mrow', {}, operator('('), node('mfrac', { linethickness: '0' }, this.argument(), this.argument()), operator(')'));
      case 'sqrt': { const index = this.optionalArgument(); return index ? node('mroot', {}, this.argument(), index) : node('msqrt', {}, this.argument()); }
      case 'left': return this.fenced();
      case 'begin': return environment(this, this.rawArgument());
      case 'operatorname': case 'operatorname*': return this.functionName(this.rawArgument(), name.endsWith('*'));
      case 'underline': return this.accent('munder', '_', true);
      case 'underbrace': return this.accent('munder', '⏟', true);
      case 'overset': case 'stackrel': { const over = this.argument(); return node('mover', {}, this.argument(), over); }
      case 'underset': { const under = this.argument(); return node('munder', {}, this.argument(), under); }
      case 'xrightarrow': case 'xleftarrow': return node('mover', {}, operator(name === 'xrightarrow' ? '→' : '←', { stretchy: 'true' }), node('mpadded', { lspace: '0.4em', width: '+0.8em' }, this.argument()));
      case 'boxed': case 'fbox': return node('mrow', { class: 'math-boxed' }, this.argument());
      case 'phantom': return node('mphantom', {}, this.argument());
      case 'bmod': return operator('mod', { lspace: '0.25em', rspace: '0.25em' });
      case 'mod': case 'pmod': { const mod = [node('mo', { lspace: '0', rspace: '0.3em' }, 'mod'), this.argument()]; return node('mrow', {}, node('mspace', { width: '0.5em' }), name === 'mod' ? mod : [operator('(', { stretchy: 'false' }), ...mod, operator(')', { stretchy: 'false' })]); }
      case 'not': { const atom = this.atom(); if (atom && typeof atom.children[0] === 'string') atom.children[0] += '\u0338'; return atom; }
      case 'tag': case 'tag*': return node('mtext', { class: 'math-tag' }, `\u2003(${this.rawArgument()})`);
      case 'label': this.rawArgument(); return node('mrow');
      case 'color': this.rawArgument(); return node('mrow');
      case 'textcolor': this.rawArgument(); return this.argument();
      case 'mathop': case 'mathbin': case 'mathrel': case 'mathord': return this.argument();
    }
  }

  functionName(text, limits) {
    return limits ? node('mo', { movablelimits: 'true', lspace: '0.1em', rspace: '0.17em', stretchy: 'false' }, text)
      : node('mo', { lspace: '0.1em', rspace: '0.17em', stretchy: 'false', form: 'prefix' }, text);
  }

  accent(tag, mark, stretchy) {
    const base = this.argument();
    return node(tag, tag === 'mover' ? { accent: 'true' } : { accentunder: 'true' }, base, operator(mark, { stretchy: String(stretchy), lspace: '0', rspace: '0' }));
  }

  inAlphabet(alphabet, untilGroupEnds) {
    const outer = this.alphabet;
    this.alphabet = alphabet;
    if (untilGroupEnds) return null;
    const argument = this.argument();
    this.alphabet = outer;
    return argument;
  }

  /** One delimiter after \left, \right or \big: a character or a command, '.' for none. */
  delimiter() {
    this.skipSpace();
    if (this.source[this.at] === '\\') { const name = this.command(); return delimiters.get(name) ?? operators.get(name) ?? `\\${name}`; }
    const c = this.source[this.at++] ?? '';
    return c === '.' ? '' : c === '<' ? '⟨' : c === '>' ? '⟩' : c;
  }

  fenced() {
    const fence = form => operator(this.delimiter(), { fence: 'true', stretchy: 'true', form });
    const nodes = [fence('prefix')];
    while (true) {
      nodes.push(...this.row());
      const name = this.source[this.at] === '\\' ? /^\\(right|middle)/.exec(this.source.slice(this.at, this.at + 8))?.[1] : this.source[this.at] === '&' ? '&' : null;
      if (name === '&') { this.at++; continue; }
      if (!name) return node('mrow', {}, nodes);
      this.at += name.length + 1;
      nodes.push(fence(name === 'right' ? 'postfix' : 'infix'));
      if (name === 'right') return node('mrow', {}, nodes);
    }
  }

  /** Sub- and superscripts and primes after an atom; above and below where the atom wants limits. */
  scripts(base) {
    let sub, sup, limits = base.attributes.movablelimits === 'true' || base.children.at(-1)?.children?.[0] === '⏞' || base.children.at(-1)?.children?.[0] === '⏟';
    while (true) {
      this.skipSpace();
      const rest = this.source.slice(this.at, this.at + 10);
      const placed = /^\\(no)?limits(?![a-z])/.exec(rest);
      if (placed) { this.at += placed[0].length; limits = !placed[1]; if (base.tag === 'mo') base.attributes.movablelimits = 'false'; }
      else if (rest[0] === '_' && !sub) { this.at++; sub = this.argument(); }
      else if (rest[0] === '^' && (!sup || sup.prime)) { this.at++; const more = this.argument(); sup = sup ? node('mrow', {}, sup, more) : more; }
      else if (rest[0] === "'" && !sup) { const primes = /^'+/.exec(rest)[0].length; this.at += primes; sup = operator('′'.repeat(primes)); sup.prime = true; }
      else break;
    }
    if (sub && sup) return node(limits ? 'munderover' : 'msubsup', {}, base, sub, sup);
    if (sub) return node(limits ? 'munder' : 'msub', {}, base, sub);
    return sup ? node(limits ? 'mover' : 'msup', {}, base, sup) : base;
  }
}
