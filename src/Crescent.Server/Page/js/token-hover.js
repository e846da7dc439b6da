// Token probabilities on the finished text itself: the word under the pointer is traced to its token.
import { align, tokenFinder } from './alignment.js';
import { TokenCard } from './token-card.js';

/** Watches a Prose that shows `message`; nothing happens where tokens and text do not match. */
export function watchTokens(prose, message, view) {
  const find = tokenFinder(message.tokens, message.content);
  if (!find) return;
  const card = new TokenCard(view);
  const maps = new WeakMap(); // block element → {texts: [{node, start}], offsets}
  const hide = () => {
    card.hide();
    globalThis.CSS?.highlights?.delete('token');
  };
  prose.element.classList.add('hoverable');
  prose.element.addEventListener('pointerleave', hide);
  prose.element.addEventListener('pointermove', event => {
    const caret = caretAt(event.clientX, event.clientY);
    const index = caret ? [...prose.element.children].findIndex(block => block.contains(caret.node)) : -1;
    if (index < 0 || event.buttons) return hide();
    const block = prose.element.children[index];
    if (!maps.has(block)) maps.set(block, mapOf(block, prose.sourceOf(index)));
    const map = maps.get(block);
    const text = map.texts.find(entry => entry.node === caret.node);
    const shown = text && text.start + Math.min(caret.offset, caret.node.length - 1);
    if (!text || map.offsets[shown] === undefined) return hide();
    const start = startOf(prose, index, message.content);
    const token = find(start + map.offsets[shown]);
    const range = rangeOf(map, token.from - start, token.to - start) ?? caretRange(caret);
    const box = [...range.getClientRects()].find(
      ({ left, right, top, bottom }) => event.clientX >= left - 3 && event.clientX <= right + 3 && event.clientY >= top - 3 && event.clientY <= bottom + 3
    );
    if (!box || !message.tokens[token.index]) return hide();
    globalThis.CSS?.highlights?.set('token', new Highlight(range));
    card.show(message.tokens[token.index], box);
  });
}

function caretAt(x, y) {
  const found = document.caretPositionFromPoint?.(x, y);
  if (found) return found.offsetNode.nodeType === 3 ? { node: found.offsetNode, offset: found.offset } : null;
  const range = document.caretRangeFromPoint?.(x, y);
  return range?.startContainer.nodeType === 3 ? { node: range.startContainer, offset: range.startOffset } : null;
}

/** The texts of a block and where each character stands in its source. */
function mapOf(block, source) {
  const runs = [],
    texts = [];
  let start = 0;
  const visit = node => {
    if (node.nodeType === 3) {
      texts.push({ node, start });
      runs.push(node.data);
      start += node.length;
    } else if (node.localName === 'math') runs.push({ skip: node.dataset.source ?? '' });
    else if (node.localName !== 'figcaption') node.childNodes.forEach(visit);
  };
  visit(block);
  return { texts, offsets: align(source, runs) };
}

/** Where a block's source starts in the content. */
function startOf(prose, index, content) {
  let at = 0;
  for (let i = 0; i < index; i++) at = content.indexOf(prose.sourceOf(i), at) + prose.sourceOf(i).length;
  return Math.max(0, content.indexOf(prose.sourceOf(index), Math.max(0, at)));
}

/** The characters shown whose sources lie in [from, to). */
function rangeOf({ texts, offsets }, from, to) {
  const first = offsets.findIndex(offset => offset >= from && offset < to);
  const last = offsets.findLastIndex(offset => offset >= from && offset < to);
  if (first < 0) return null;
  const range = document.createRange();
  const place = shown => {
    const text = texts.findLast(entry => entry.start <= shown && entry.node.length > 0);
    return [text.node, shown - text.start];
  };
  range.setStart(...place(first));
  const [node, offset] = place(last);
  range.setEnd(node, offset + 1);
  return range;
}

function caretRange({ node, offset }) {
  const range = document.createRange();
  range.setStart(node, Math.max(0, Math.min(offset, node.length - 1)));
  range.setEnd(node, Math.min(node.length, offset + 1));
  return range;
}
