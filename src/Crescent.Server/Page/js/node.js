// A tree of plain objects that stands for elements. Renderers build it without a document, so they can be tested alone;
// dom.js turns it into elements. Model text only ever becomes a string child, never markup.

/** An element to be: tag, attributes (strings or true), children (nodes or strings). */
export function node(tag, attributes, ...children) {
  return { tag, attributes: attributes ?? {}, children: children.flat() };
}

/** The text of a tree, as textContent would give it. */
export function textOf(tree) {
  if (typeof tree === 'string') return tree;
  if (Array.isArray(tree)) return tree.map(textOf).join('');
  return tree.children.map(textOf).join('');
}

/** The tree as markup: for tests and for reading in a debugger; never parsed. */
export function markup(tree) {
  if (typeof tree === 'string') return tree.replace(/[&<>]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
  if (Array.isArray(tree)) return tree.map(markup).join('');
  const attributes = Object.entries(tree.attributes)
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${value}"`))
    .join('');
  return `<${tree.tag}${attributes}>${tree.children.map(markup).join('')}</${tree.tag}>`;
}
