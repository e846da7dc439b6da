// The tokens of an answer with their probabilities: tinted where the model hesitated, alternatives on hover or by arrow keys.
import { h, replace } from './dom.js';
import { number, t } from './i18n.js';

const levels = [0.9, 0.6, 0.3, 0.1]; // lower bounds of the tints, from sure to doubtful

export const probability = logprob => Math.exp(logprob);
const percent = value => `${number(value * 100, value < 0.0995 ? 1 : 0)}\u00a0%`;
const visible = text => text.replaceAll(' ', '␣').replaceAll('\n', '⏎').replaceAll('\t', '⇥') || '∅';
const level = value => { const at = levels.findIndex(bound => value >= bound); return at < 0 ? levels.length : at; };

export function tokenView(tokens) {
  const card = h('div.token-card', { role: 'status', hidden: true });
  const marks = tokens.map(([text, logprob], i) => h('span.token', { 'data-level': String(level(probability(logprob))), 'data-index': String(i), tabindex: i ? '-1' : '0' }, text));
  const text = h('div.token-text', { role: 'group', 'aria-label': t('showTokens') }, marks);
  const view = h('div.tokens', {}, h('p.hint', {}, `${t('tokensBare')} ${t('tokensHint')}`), text, card);
  const show = mark => { if (mark?.dataset.index) place(card, view, mark, tokens[mark.dataset.index]); };
  const hide = () => { card.hidden = true; };
  text.addEventListener('pointerover', event => show(event.target));
  text.addEventListener('pointerleave', hide);
  text.addEventListener('focusin', event => show(event.target));
  text.addEventListener('focusout', hide);
  text.addEventListener('keydown', event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && marks[Number(event.target.dataset.index) + step];
    if (!next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  return view;
}

/** Fills the card and puts it under a token, within the view. */
function place(card, view, mark, [text, logprob, others]) {
  const rows = others.some(([other]) => other === text) ? others : [[text, logprob], ...others];
  replace(card, h('ol', {}, rows.slice(0, 6).map(([other, value]) => row(other, probability(value), other === text))));
  card.hidden = false;
  const outer = view.getBoundingClientRect(), at = mark.getClientRects()[0];
  card.style.left = `${Math.max(0, Math.min(at.left - outer.left, outer.width - card.offsetWidth))}px`;
  card.style.top = `${at.bottom - outer.top + 6}px`;
}

function row(text, value, chosen) {
  const bar = h('span.token-bar');
  bar.style.setProperty('--share', String(value));
  return h('li', chosen ? { class: 'chosen', 'aria-label': `${visible(text)} ${percent(value)}, ${t('tokenChosen')}` } : {}, h('code', {}, visible(text)), bar, h('span.token-percent', {}, percent(value)));
}
