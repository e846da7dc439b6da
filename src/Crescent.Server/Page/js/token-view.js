// The tokens of an answer as they are, tinted where the model hesitated; alternatives on hover or by arrow keys.
import { h } from './dom.js';
import { t } from './i18n.js';
import { probability, TokenCard } from './token-card.js';

const levels = [0.9, 0.6, 0.3, 0.1]; // lower bounds of the tints, from sure to doubtful
const level = value => {
  const at = levels.findIndex(bound => value >= bound);
  return at < 0 ? levels.length : at;
};

export function tokenView(tokens) {
  const marks = tokens.map(([text, logprob], i) =>
    h('span.token', { 'data-level': String(level(probability(logprob))), 'data-index': String(i), tabindex: i ? '-1' : '0' }, text)
  );
  const text = h('div.token-text', { role: 'group', 'aria-label': t('showTokens') }, marks);
  const view = h('div.tokens', {}, h('p.hint', {}, `${t('tokensBare')} ${t('tokensHint')}`), text);
  const card = new TokenCard(view);
  const show = mark => {
    if (mark?.dataset.index) card.show(tokens[mark.dataset.index], mark.getClientRects()[0]);
  };
  text.addEventListener('pointerover', event => show(event.target));
  text.addEventListener('pointerleave', () => card.hide());
  text.addEventListener('focusin', event => show(event.target));
  text.addEventListener('focusout', () => card.hide());
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
