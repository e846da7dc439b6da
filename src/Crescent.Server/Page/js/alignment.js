// Which characters of Markdown's source the characters on the page came from. The page shows a subsequence of the source (markers are gone);
// formulas are drawn, so they are skipped whole by their source.

/**
 * For each character shown, its offset in the source. `runs` are the texts shown in order, or {skip: source} for what is drawn otherwise.
 * A character that the source lacks (a decoded entity) gets the offset before it.
 */
export function align(source, runs) {
  const offsets = [];
  let at = 0;
  for (const run of runs) {
    if (typeof run !== 'string') {
      const found = source.indexOf(run.skip, at);
      if (found >= 0) at = found + run.skip.length;
      continue;
    }
    for (const character of run.split('')) {
      const found = find(source, character, at);
      offsets.push(found < 0 ? Math.max(0, at - 1) : found);
      if (found >= 0) at = found + 1;
    }
  }
  return offsets;
}

/** The next place of a character; any space may stand for any other, and a line break for a space. */
function find(source, character, from) {
  if (!/\s/.test(character)) return source.indexOf(character, from);
  for (let at = from; at < source.length; at++) if (/\s/.test(source[at])) return at;
  return -1;
}

/** The token that covers an offset of the content; null where tokens and content do not match. Tokens before the content (thinking) are passed over. */
export function tokenFinder(tokens, content) {
  const ends = [];
  let text = '';
  for (const [token] of tokens) {
    text += token;
    ends.push(text.length);
  }
  const start = text.lastIndexOf(content);
  if (start < 0 || content === '') return null;
  return offset => {
    const index = ends.findIndex(end => end > start + offset);
    return { index, from: (ends[index - 1] ?? 0) - start, to: ends[index] - start };
  };
}
