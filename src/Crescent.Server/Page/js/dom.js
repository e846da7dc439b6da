// Elements from calls and from node trees. No markup is ever parsed.

const svgSpace = 'http://www.w3.org/2000/svg';
const mathSpace = 'http://www.w3.org/1998/Math/MathML';

/**
 * An element: h('button.primary', { onclick, 'aria-label': … }, children…). Functions become listeners, `true` an empty attribute,
 * null and false nothing; `value`, `checked` and `textContent` are properties.
 */
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag || 'div');
  if (classes.length) element.className = classes.join(' ');
  assign(element, attributes);
  append(element, children);
  return element;
}

function assign(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked' || name === 'textContent' || name === 'selected') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
}

export function append(element, children) {
  for (const child of children.flat(4)) if (child !== null && child !== undefined && child !== false) element.append(child);
}

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Elements of a node tree (node.js). Code blocks get their bar through `onCode(pre element, code, language)`. */
export function fromTree(tree, onCode, inMath = false) {
  if (typeof tree === 'string') return document.createTextNode(tree);
  const math = inMath || tree.tag === 'math';
  const element = math ? document.createElementNS(mathSpace, tree.tag) : document.createElement(tree.tag);
  for (const [name, value] of Object.entries(tree.attributes)) element.setAttribute(name, value === true ? '' : value);
  for (const child of tree.children) element.append(fromTree(child, onCode, math));
  return tree.tag === 'pre' && onCode ? onCode(element, tree.children[0].children[0] ?? '', tree.attributes['data-language'] ?? '') : element;
}

/** Saves a text as a file of the user's. */
export function download(name, text, type = 'application/json') {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const anchor = h('a', { href: address, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** Copies a text; false where the browser refuses (pages without https other than localhost). */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const area = h('textarea.off-screen', { value: text, 'aria-hidden': 'true' });
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
