// TeX formulas to MathML (MathML Core). What is not known is shown as typed.
import { node } from './node.js';
import { delimiters, inAlphabet, operators } from './math-symbols.js';
import { command, operator } from './math-commands.js';

const longestSource = 20000;
const deepest = 80;
/** A formula as a MathML tree; display formulas stand on their own line. */
export function math(source, display = false) {
  const tex = source.trim();
  const rows = tex.length > longestSource ? [node('mtext', {}, tex)] : new MathParser(tex).all();
  return node('math', { ...(display ? { display: 'block' } : {}), 'data-source': source }, node('mrow', {}, rows));
}

const row = nodes => (nodes.length === 1 ? nodes[0] : node('mrow', {}, nodes));

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
      if (this.source[this.at] === '\\')
        nodes.push(this.command() === '\\' ? node('mspace', { linebreak: 'newline' }) : node('mtext', { class: 'math-unknown' }, '\\'));
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
    return (
      c === '}' ||
      c === '&' ||
      c === stop ||
      (c === '\\' && /^\\(\\|right(?![a-z])|end(?![a-z])|middle(?![a-z])|cr(?![a-z]))/.test(this.source.slice(this.at, this.at + 8)))
    );
  }

  skipSpace() {
    while (/\s/.test(this.source[this.at] ?? '') || this.source[this.at] === '%') {
      if (this.source[this.at] === '%') {
        const end = this.source.indexOf('\n', this.at);
        this.at = end < 0 ? this.source.length : end;
      } else this.at++;
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
      return /[0-9]/.test(this.source[this.at]) ? this.character(this.source[this.at++]) : (this.atom() ?? node('mrow'));
    }
    this.at++;
    const outer = this.alphabet;
    const nodes = this.row();
    while (this.source[this.at] === '&') {
      this.at++;
      nodes.push(...this.row());
    }
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
    if (this.depth >= deepest) {
      const rest = this.source.slice(this.at);
      this.at = this.source.length;
      return node('mtext', {}, rest);
    }
    this.depth++;
    const atom = this.readAtom();
    this.depth--;
    return atom;
  }

  readAtom() {
    const c = this.source[this.at];
    if (c === '{') return this.argument();
    if (c === '\\') {
      const start = this.at;
      return command(this, this.command(), start);
    }
    if (c === '^' || c === '_') return node('mrow');
    const number = /^[0-9]+(?:[.,][0-9]+)*|^\.[0-9]+/.exec(this.source.slice(this.at, this.at + 60));
    if (number) {
      this.at += number[0].length;
      return node('mn', {}, this.styled(number[0]));
    }
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

  /** The argument, in a mathematical alphabet. */
  inAlphabet(alphabet) {
    const outer = this.alphabet;
    this.alphabet = alphabet;
    const argument = this.argument();
    this.alphabet = outer;
    return argument;
  }

  /** What follows in the group, in an alphabet; draws nothing itself. */
  switchAlphabet(alphabet) {
    this.alphabet = alphabet;
    return node('mrow');
  }

  /** One delimiter after \left, \right or \big: a character or a command, '.' for none. */
  delimiter() {
    this.skipSpace();
    if (this.source[this.at] === '\\') {
      const name = this.command();
      return delimiters.get(name) ?? operators.get(name) ?? `\\${name}`;
    }
    const c = this.source[this.at++] ?? '';
    return c === '.' ? '' : c === '<' ? '⟨' : c === '>' ? '⟩' : c;
  }

  /** Sub- and superscripts and primes after an atom; above and below where the atom wants limits. */
  scripts(base) {
    let sub,
      sup,
      limits = base.attributes.movablelimits === 'true' || base.children.at(-1)?.children?.[0] === '⏞' || base.children.at(-1)?.children?.[0] === '⏟';
    while (true) {
      this.skipSpace();
      const rest = this.source.slice(this.at, this.at + 10);
      const placed = /^\\(no)?limits(?![a-z])/.exec(rest);
      if (placed) {
        this.at += placed[0].length;
        limits = !placed[1];
        if (base.tag === 'mo') base.attributes.movablelimits = 'false';
      } else if (rest[0] === '_' && !sub) {
        this.at++;
        sub = this.argument();
      } else if (rest[0] === '^' && (!sup || sup.prime)) {
        this.at++;
        const more = this.argument();
        sup = sup ? node('mrow', {}, sup, more) : more;
      } else if (rest[0] === "'" && !sup) {
        const primes = /^'+/.exec(rest)[0].length;
        this.at += primes;
        sup = operator('′'.repeat(primes));
        sup.prime = true;
      } else break;
    }
    if (sub && sup) return node(limits ? 'munderover' : 'msubsup', {}, base, sub, sup);
    if (sub) return node(limits ? 'munder' : 'msub', {}, base, sub);
    return sup ? node(limits ? 'mover' : 'msup', {}, base, sup) : base;
  }
}
