// Markdown blocks (CommonMark's common part, tables, task lists, display formulas) to node trees.
// HTML is text. A text that still grows may be rendered at any moment: what is open is taken as closed at its end.
import { node } from './node.js';
import { inline } from './inline.js';
import { math } from './math.js';

const deepest = 12;
const fence = /^( {0,3})(`{3,}(?!.*`)|~{3,})[ \t]*([^\n]*)$/;
const heading = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:(?:^|[ \t]+)#+)?[ \t]*$/;
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const item = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)(\S.*)|[ \t]*)$/;
const displayOpen = /^ {0,3}(\$\$|\\\[|\\begin\{(?:equation|align|gather|eqnarray|multline)\*?\})/;
const delimiterRow = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** The trees of a whole text. */
export function markdown(text, growing = false) {
  return blocks(text).map((block, i, all) => block.render(growing && i === all.length - 1));
}

/**
 * The top-level blocks of a text, each with its source and a function that renders it: a view draws again only
 * the blocks whose source changed since the last look.
 */
export function blocks(text) {
  return split(text.replace(/\r\n?/g, '\n').split('\n'), 0);
}

function split(lines, depth) {
  const found = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at].trim() === '') {
      at++;
      continue;
    }
    const taken = read(lines, at, depth);
    found.push({ source: lines.slice(at, taken.end).join('\n'), end: taken.end, render: taken.render });
    at = taken.end;
  }
  return found;
}

const inner = (lines, depth, growing) => split(lines, depth + 1).map((block, i, all) => block.render(growing && i === all.length - 1));

/** The block that starts at a line: where it ends (half-open) and how to render it. */
function read(lines, at, depth) {
  const line = lines[at];
  let match;
  if ((match = fence.exec(line))) return readFence(lines, at, match);
  if ((match = displayOpen.exec(line))) {
    const display = readDisplay(lines, at, match[1]);
    if (display) return display;
  }
  if ((match = heading.exec(line))) {
    const [, marks, text] = match;
    return { end: at + 1, render: growing => node(`h${marks.length}`, {}, inline(text ?? '', growing)) };
  }
  if (rule.test(line)) return { end: at + 1, render: () => node('hr') };
  if (depth < deepest && /^ {0,3}>/.test(line)) return readQuote(lines, at, depth);
  if (depth < deepest && item.test(line)) return readList(lines, at, depth);
  if (line.includes('|') && at + 1 < lines.length && delimiterRow.test(lines[at + 1]) && cells(line).length === cells(lines[at + 1]).length)
    return readTable(lines, at);
  return readParagraph(lines, at, depth);
}

function readFence(lines, at, [, indent, marks, info]) {
  const closing = new RegExp(`^ {0,3}\\${marks[0]}{${marks.length},}[ \\t]*$`);
  let end = at + 1;
  while (end < lines.length && !closing.test(lines[end])) end++;
  const outdent = new RegExp(`^ {0,${indent.length}}`);
  const code = lines
    .slice(at + 1, end)
    .map(text => text.replace(outdent, ''))
    .join('\n');
  return { end: Math.min(end + 1, lines.length), render: () => codeBlock(code, info.trim().split(/\s+/)[0]) };
}

/** A block of code; dom.js adds the bar with the language and the copy button, and colours. */
export const codeBlock = (code, language) => node('pre', { 'data-language': language }, node('code', {}, code));

function readDisplay(lines, at, open) {
  const closer = open === '$$' ? '$$' : open === '\\[' ? '\\]' : open.replace('begin', 'end');
  const first = lines[at].trimStart().slice(open.length);
  if (first.includes(closer)) {
    const [tex, rest] = [first.slice(0, first.indexOf(closer)), first.slice(first.indexOf(closer) + closer.length)];
    if (rest.replace(/[.,;:!?\s]/g, '') !== '') return null;
    return { end: at + 1, render: () => display(open, tex, rest.trim()) };
  }
  let end = at + 1;
  while (end < lines.length && !lines[end].includes(closer) && !(open === '$$' && lines[end].trim() === '')) end++;
  const closed = end < lines.length && lines[end].includes(closer);
  if (!closed && end < lines.length) return null;
  const last = closed ? lines[end] : '';
  const tex = [first, ...lines.slice(at + 1, end), closed ? last.slice(0, last.indexOf(closer)) : ''].join('\n');
  const after = closed ? last.slice(last.indexOf(closer) + closer.length).trim() : '';
  const growingSource = () => node('p', { class: 'math-open' }, tex);
  return { end: Math.min(end + 1, lines.length), render: growing => (growing && !closed ? growingSource() : display(open, tex, after)) };
}

function display(open, tex, after) {
  const whole = open.startsWith('\\begin') ? `${open}${tex}${open.replace('begin', 'end')}` : tex;
  return node('div', { class: 'math-display' }, math(whole, true), after ? [after] : []);
}

function readQuote(lines, at, depth) {
  let end = at;
  const content = [];
  const goesOn = line => !startsBlock(line) && content.at(-1).trim() !== '' && content.filter(text => fence.test(text)).length % 2 === 0;
  while (end < lines.length && lines[end].trim() !== '' && (/^ {0,3}>/.test(lines[end]) || goesOn(lines[end])))
    content.push(lines[end++].replace(/^ {0,3}> ?/, ''));
  return { end, render: growing => node('blockquote', {}, inner(content, depth, growing)) };
}

function readList(lines, at, depth) {
  const first = item.exec(lines[at]);
  const kind = marker => (/\d/.test(marker) ? marker.at(-1) : marker);
  const items = [];
  let end = at,
    loose = false;
  while (end < lines.length) {
    const match = item.exec(lines[end]);
    if (!match || kind(match[2]) !== kind(first[2]) || rule.test(lines[end])) break;
    const width = match[1].length + match[2].length + (match[4] === undefined ? 1 : match[3].length > 4 ? 1 : match[3].length);
    const body = readItem(lines, end, width, match[4] === undefined ? '' : ' '.repeat(match[3].length > 4 ? match[3].length - 1 : 0) + match[4]);
    items.push(body.content);
    end = body.end;
    loose ||= split(body.content, depth + 1)
      .slice(0, -1)
      .some(block => body.content[block.end] === '');
    if (lines[end]?.trim() === '') {
      let next = end;
      while (lines[next]?.trim() === '') next++;
      if (next < lines.length && item.test(lines[next]) && kind(item.exec(lines[next])[2]) === kind(first[2])) {
        loose = true;
        end = next;
      } else break;
    }
  }
  const ordered = /\d/.test(first[2]);
  const start = parseInt(first[2], 10);
  const attributes = ordered && start !== 1 ? { start: String(start) } : {};
  return {
    end,
    render: growing =>
      node(
        ordered ? 'ol' : 'ul',
        attributes,
        items.map((content, i) => listItem(content, loose, depth, growing && i === items.length - 1))
      ),
  };
}

/** The lines of a list item, without its indent. */
function readItem(lines, at, width, firstText) {
  const content = [firstText];
  let end = at + 1,
    open = false;
  if (firstText === '' && lines[end]?.trim() === '') return { end, content };
  for (; end < lines.length; end++) {
    const line = lines[end];
    const indent = line.length - line.trimStart().length;
    if (line.trim() === '') {
      let next = end;
      while (next < lines.length && lines[next].trim() === '') next++;
      if (next < lines.length && lines[next].length - lines[next].trimStart().length >= width) {
        content.push('');
        continue;
      }
      break;
    }
    if (fence.test(line.trimStart())) open = !open;
    if (indent >= width) content.push(line.slice(width));
    else if (indent >= 2 && item.test(line.trimStart())) content.push(line.slice(Math.min(indent, width)));
    else if (startsBlock(line) || item.test(line) || content.at(-1) === '' || open) break;
    else content.push(line.trimStart());
  }
  return { end, content };
}

function listItem(content, loose, depth, growing) {
  const task = /^\[([ xX])\][ \t]+/.exec(content[0]);
  const lines = task ? [content[0].slice(task[0].length), ...content.slice(1)] : content;
  let children = inner(lines, depth, growing);
  if (!loose) children = children.flatMap(child => (child.tag === 'p' ? child.children : [child]));
  const box = task ? [node('input', { type: 'checkbox', disabled: true, ...(task[1] === ' ' ? {} : { checked: true }) })] : [];
  return node('li', task ? { class: 'task' } : {}, box, children);
}

/** The cells of a table row; a bar in code or after a backslash does not divide. */
function cells(line) {
  const found = [''];
  const text = line
    .trim()
    .replace(/^\|/, '')
    .replace(/\|$/, (bar, at, whole) => (whole[at - 1] === '\\' ? bar : ''));
  let code = 0;
  for (let i = 0; i < text.length; i++) {
    const ticks = text[i] === '`' ? /^`+/.exec(text.slice(i))[0].length : 0;
    if (ticks) {
      if (code === ticks) code = 0;
      else if (!code && text.indexOf('`'.repeat(ticks), i + ticks) >= 0) code = ticks;
      found[found.length - 1] += '`'.repeat(ticks);
      i += ticks - 1;
    } else if (text[i] === '\\' && text[i + 1] === '|') {
      found[found.length - 1] += '|';
      i++;
    } else if (text[i] === '|' && !code) found.push('');
    else found[found.length - 1] += text[i];
  }
  return found.map(cell => cell.trim());
}

function readTable(lines, at) {
  const head = cells(lines[at]);
  const sides = cells(lines[at + 1]).map(mark => (/^:-*:$/.test(mark) ? 'center' : mark.endsWith(':') ? 'right' : mark.startsWith(':') ? 'left' : ''));
  let end = at + 2;
  while (end < lines.length && lines[end].trim() !== '' && (lines[end].includes('|') || !startsBlock(lines[end]))) end++;
  const body = lines.slice(at + 2, end).map(cells);
  const cell = (tag, text, i) => node(tag, sides[i] ? { class: `align-${sides[i]}` } : {}, inline(text ?? '', false));
  const rowOf = (tag, row) =>
    node(
      'tr',
      {},
      head.map((_, i) => cell(tag, row[i], i))
    );
  return {
    end,
    render: () =>
      node(
        'div',
        { class: 'table', tabindex: '0' },
        node(
          'table',
          {},
          node('thead', {}, rowOf('th', head)),
          body.length
            ? [
                node(
                  'tbody',
                  {},
                  body.map(row => rowOf('td', row))
                ),
              ]
            : []
        )
      ),
  };
}

const startsBlock = line =>
  fence.test(line) ||
  heading.test(line) ||
  rule.test(line) ||
  /^ {0,3}>/.test(line) ||
  displayOpen.test(line) ||
  (item.test(line) && /^ {0,3}(?:[-*+]|1[.)])[ \t]/.test(line));

function readParagraph(lines, at) {
  let end = at + 1;
  while (
    end < lines.length &&
    lines[end].trim() !== '' &&
    !/^ {0,3}(?:={2,}|-{2,})[ \t]*$/.test(lines[end]) &&
    !startsBlock(lines[end]) &&
    !(lines[end].includes('|') && delimiterRow.test(lines[end + 1] ?? '') && cells(lines[end]).length === cells(lines[end + 1]).length)
  )
    end++;
  const text = lines
    .slice(at, end)
    .map((line, i) => (i === 0 ? line.trimStart() : line))
    .join('\n')
    .trimEnd();
  const under = /^ {0,3}(=|-){2,}[ \t]*$/.exec(lines[end] ?? '');
  if (under) return { end: end + 1, render: growing => node(under[1] === '=' ? 'h1' : 'h2', {}, inline(text, growing)) };
  return { end, render: growing => node('p', {}, inline(text, growing)) };
}
