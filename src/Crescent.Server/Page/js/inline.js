// Markdown within a block: emphasis, code, links, formulas, breaks.
import { node } from './node.js';
import { math } from './math.js';

const entities = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&nbsp;': '\u00a0' };
const deepest = 8;

/** The trees of a run of text. With growing, what is open at the end counts as closed there and bare markers at the end wait. */
export function inline(text, growing = false, depth = 0) {
  const source = growing ? withoutTail(text) : text;
  const runs = tokens(source, growing, depth);
  return join(emphasise(runs, growing));
}

/** Markers that the next token may complete are left out until it comes. */
const withoutTail = text =>
  text.replace(/(?:[*_~]+|`+|\\|!?\[[^\]\n]{0,200}|(?:^|\s)\$)$/, tail =>
    tail.startsWith('[') && tail.length > 1 ? tail.slice(1) : /^\s/.test(tail) ? tail[0] : ''
  );

/** Finished nodes, strings, and delimiter runs {mark, count, opens, closes}. */
function tokens(text, growing, depth) {
  const found = [];
  let plain = '';
  const flush = () => {
    if (plain) found.push(plain);
    plain = '';
  };
  for (let at = 0; at < text.length;) {
    const special = readSpecial(text, at, growing, depth);
    if (special) {
      flush();
      found.push(...[special.out].flat());
      at = special.end;
      continue;
    }
    const c = text[at];
    if (c === '*' || c === '_' || c === '~') {
      const count = new RegExp(`^\\${c}+`).exec(text.slice(at))[0].length;
      flush();
      found.push(delimiterRun(text, at, c, count));
      at += count;
    } else {
      plain += c;
      at++;
    }
  }
  flush();
  return found;
}

/** What starts at a position other than text and emphasis: {out, end}, or nothing. */
function readSpecial(text, at, growing, depth) {
  const c = text[at];
  if (c === '\\') return escape(text, at);
  if (c === '`') return code(text, at, growing);
  if (c === '$') return dollars(text, at);
  if ((c === '[' || (c === '!' && text[at + 1] === '[')) && depth < deepest) return link(text, at, growing, depth);
  if (c === '<') return angle(text, at);
  if (c === '\n') return lineBreak(text, at);
  if (c === '&') {
    const match = /^&(?:amp|lt|gt|quot|#39|nbsp);/.exec(text.slice(at, at + 6));
    return match && { out: entities[match[0]], end: at + match[0].length };
  }
  if (c === 'h' && !/[\w/]/.test(text[at - 1] ?? '')) return bareAddress(text, at);
}

function escape(text, at) {
  const next = text[at + 1];
  if (next === '(' || next === '[') {
    const end = text.indexOf(next === '(' ? '\\)' : '\\]', at + 2);
    if (end > 0) return { out: math(text.slice(at + 2, end), next === '['), end: end + 2 };
  }
  if (next === '\n') return { out: node('br'), end: at + 2 };
  if (next && /[!-/:-@[-`{-~]/.test(next)) return { out: next, end: at + 2 };
}

function code(text, at, growing) {
  const ticks = /^`+/.exec(text.slice(at))[0];
  const closing = new RegExp(`(?<!\`)${ticks}(?!\`)`, 'g');
  closing.lastIndex = at + ticks.length;
  const close = closing.exec(text);
  if (!close && !growing) return { out: ticks, end: at + ticks.length };
  const end = close ? close.index : text.length;
  let content = text.slice(at + ticks.length, end).replace(/\n/g, ' ');
  if (/^ .*[^ ].* $/.test(content)) content = content.slice(1, -1);
  return { out: node('code', {}, content), end: close ? end + ticks.length : end };
}

/** $x$ and $$x$$; an amount of money is no formula: no space inside the dollars, no digit after the closing one. */
function dollars(text, at) {
  const rest = text.slice(at);
  const match = /^\$\$([^$]+?)\$\$/.exec(rest) ?? /^\$(?![\s$])((?:[^$\\\n]|\\.|\n(?!\n))*?[^\s\\$]|(?:[^$\\\n]|\\.)*?\\.)\$(?![\d$])/.exec(rest);
  return match && { out: math(match[1], match[0].startsWith('$$')), end: at + match[0].length };
}

const safeAddress = address => /^(?:https?:\/\/|mailto:)[^\s<>]+$/i.test(address);

function anchor(address, children) {
  return safeAddress(address)
    ? node('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, children)
    : node('span', { class: 'refused-link', title: address }, children);
}

/** [text](address "title"). A picture becomes a link to it: nothing is loaded from elsewhere. */
function link(text, at, growing, depth) {
  const picture = text[at] === '!';
  const open = picture ? at + 1 : at;
  let level = 0,
    end = open;
  for (; end < text.length; end++) {
    if (text[end] === '\\') end++;
    else if (text[end] === '`') {
      const close = text.indexOf('`', end + 1);
      if (close > 0) end = close;
    } else if (text[end] === '[') level++;
    else if (text[end] === ']' && --level === 0) break;
  }
  if (end >= text.length || text[end + 1] !== '(') return;
  const label = inline(text.slice(open + 1, end), false, depth + 1);
  const target = /^\(\s*(?:<([^>\n]*)>|((?:[^\s()\\]|\\.|\([^\s()]*\))*))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/.exec(text.slice(end + 1));
  if (target) {
    const address = target[1] ?? target[2];
    return { out: anchor(address, label.length ? label : [address]), end: end + 1 + target[0].length };
  }
  if (growing && !/[\s)]/.test(text.slice(end + 2))) return { out: label, end: text.length };
}

function angle(text, at) {
  const address = /^<((?:https?:\/\/|mailto:)[^\s<>]+)>/i.exec(text.slice(at));
  if (address) return { out: anchor(address[1], [address[1]]), end: at + address[0].length };
  const lineEnd = /^<br\s*\/?>/i.exec(text.slice(at, at + 8));
  return lineEnd && { out: node('br'), end: at + lineEnd[0].length };
}

function lineBreak(text, at) {
  return / {2}$/.test(text.slice(Math.max(0, at - 2), at)) ? { out: node('br'), end: at + 1 } : null;
}

function bareAddress(text, at) {
  const match = /^https?:\/\/[^\s<>`"*]+/.exec(text.slice(at, at + 2000));
  if (!match) return;
  let address = match[0].replace(/[.,;:!?'_~]+$/, '');
  while (address.endsWith(')') && address.split(')').length > address.split('(').length) address = address.slice(0, -1).replace(/[.,;:!?]+$/, '');
  return address.length > 8 && { out: anchor(address, [address]), end: at + address.length };
}

/** CommonMark 6.2: whether a run of * or _ may open or close. */
function delimiterRun(text, at, mark, count) {
  const before = text[at - 1] ?? ' ',
    after = text[at + count] ?? ' ';
  const space = c => /\s/.test(c),
    punctuation = c => /[\p{P}\p{S}]/u.test(c);
  const left = !space(after) && (!punctuation(after) || space(before) || punctuation(before));
  const right = !space(before) && (!punctuation(before) || space(after) || punctuation(after));
  if (mark === '~') return { mark, count, opens: count === 2 && left, closes: count === 2 && right };
  return mark === '*'
    ? { mark, count, opens: left, closes: right }
    : { mark, count, opens: left && (!right || punctuation(before)), closes: right && (!left || punctuation(after)) };
}

/** Pairs delimiter runs (CommonMark's stack) and nests what lies between. */
function emphasise(runs, growing) {
  const out = [];
  const isRun = entry => typeof entry === 'object' && entry.mark;
  for (const entry of runs) {
    if (!isRun(entry)) {
      out.push(entry);
      continue;
    }
    const run = { ...entry };
    while (run.closes && run.count > 0) {
      const opener = out.findLastIndex(
        other =>
          isRun(other) &&
          other.opens &&
          other.mark === run.mark &&
          other.count > 0 &&
          !((other.closes || run.opens) && (other.count + run.count) % 3 === 0 && (other.count % 3 || run.count % 3))
      );
      if (opener < 0) break;
      close(out, opener, run);
    }
    if (run.count > 0) out.push(run);
  }
  if (growing)
    for (let opener; (opener = out.findLastIndex(other => isRun(other) && other.opens && other.count > 0)) >= 0;)
      close(out, opener, { mark: out[opener].mark, count: out[opener].count });
  return out;
}

function close(out, at, run) {
  const opener = out[at];
  const used = run.mark === '~' ? 2 : opener.count >= 2 && run.count >= 2 ? 2 : 1;
  const content = join(out.splice(at + 1));
  opener.count -= used;
  run.count -= used;
  if (opener.count <= 0) out.pop();
  if (content.length) out.push(node(run.mark === '~' ? 'del' : used === 2 ? 'strong' : 'em', {}, content));
}

/** Runs that paired with nothing are text again; neighbouring texts become one. */
function join(entries) {
  const out = [];
  for (const entry of entries) {
    const value = typeof entry === 'object' && entry.mark ? entry.mark.repeat(entry.count) : entry;
    if (typeof value === 'string' && typeof out.at(-1) === 'string') out[out.length - 1] += value;
    else if (value !== '') out.push(value);
  }
  return out;
}
