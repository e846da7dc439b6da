// The card with a token's alternatives.
import { h, replace } from './dom.js';
import { number, t } from './i18n.js';

const gap = 6; // pixels

export const probability = logprob => Math.exp(logprob);
const percent = value => `${number(value * 100, value < 0.0995 ? 1 : 0)}\u00a0%`;
const visible = text => text.replaceAll(' ', '␣').replaceAll('\n', '⏎').replaceAll('\t', '⇥') || '∅';

/** A card inside a positioned view; `show(token, rectangle)` fills it and puts it under the rectangle, or above where there is no room. */
export class TokenCard {
  constructor(view) {
    this.view = view;
    this.element = h('div.token-card', { role: 'status', hidden: true });
    view.append(this.element);
  }

  show([text, logprob, others], at) {
    const rows = others.some(([other]) => other === text) ? others : [[text, logprob], ...others];
    replace(
      this.element,
      h(
        'ol',
        {},
        rows.slice(0, 6).map(([other, value]) => row(other, probability(value), other === text))
      )
    );
    this.element.hidden = false;
    const outer = this.view.getBoundingClientRect();
    this.element.style.left = `${Math.max(0, Math.min(at.left - outer.left, outer.width - this.element.offsetWidth))}px`;
    const height = this.element.offsetHeight + gap;
    const below = at.bottom + height <= (this.view.closest('.thread-scroll')?.getBoundingClientRect().bottom ?? innerHeight);
    this.element.style.top = `${(below ? at.bottom + gap : at.top - height) - outer.top}px`;
  }

  hide() {
    this.element.hidden = true;
  }
}

function row(text, value, chosen) {
  const bar = h('span.token-bar');
  bar.style.setProperty('--share', String(value));
  return h(
    'li',
    chosen ? { class: 'chosen', 'aria-label': `${visible(text)} ${percent(value)}, ${t('tokenChosen')}` } : {},
    h('code', {}, visible(text)),
    bar,
    h('span.token-percent', {}, percent(value))
  );
}
