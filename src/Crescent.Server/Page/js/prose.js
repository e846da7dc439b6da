// A view of Markdown that grows: only blocks whose source changed are drawn again.
import { copy, fromTree, h, replace } from './dom.js';
import { icon } from './icons.js';
import { blocks } from './markdown.js';
import { highlight } from './highlight.js';
import { t } from './i18n.js';

export class Prose {
  constructor() {
    this.element = h('div.prose');
    this.sources = [];
  }

  /** The Markdown that a block was drawn from. */
  sourceOf(index) {
    return this.sources[index].replace(/\u0000$/, '');
  }

  update(text, growing = false) {
    const found = blocks(text);
    found.forEach((block, i) => {
      const open = growing && i === found.length - 1;
      const source = open ? `${block.source}\u0000` : block.source;
      if (this.sources[i] === source) return;
      this.sources[i] = source;
      const drawn = fromTree(block.render(open), codeFrame);
      if (this.element.children[i]) this.element.children[i].replaceWith(drawn);
      else this.element.append(drawn);
    });
    while (this.element.children.length > found.length) this.element.lastChild.remove();
    this.sources.length = found.length;
  }
}

/** A code block with its language, and a button that copies it. */
export function codeFrame(pre, code, language) {
  const body = pre.firstChild;
  replace(
    body,
    highlight(code, language).map(part => fromTree(part))
  );
  pre.tabIndex = 0;
  return h(
    'figure.code',
    {},
    h(
      'figcaption',
      {},
      h('span', {}, language || t('code')),
      copyButton(() => code)
    ),
    pre
  );
}

/** A button that copies and says so for a moment. */
export function copyButton(text, label = t('copy')) {
  const button = h(
    'button.quiet',
    {
      type: 'button',
      'aria-label': label,
      title: label,
      onclick: async () => {
        const done = await copy(text());
        replace(button, icon(done ? 'check' : 'warning'));
        button.title = done ? t('copied') : t('copyRefused');
        button.setAttribute('aria-label', button.title);
        setTimeout(() => {
          replace(button, icon('copy'));
          button.title = label;
          button.setAttribute('aria-label', label);
        }, 1600);
      },
    },
    icon('copy')
  );
  return button;
}
