// A failure in words: what happened, what helps, a way to try again.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';

/** @param actions {retry(), openSettings()} */
export function failureView(error, actions) {
  const retry = h('button.primary', { type: 'button', onclick: actions.retry }, t('retry'));
  countDown(retry, error.until);
  const settings = ['key', 'refused', 'setup'].includes(error.kind) ? h('button', { type: 'button', onclick: actions.openSettings }, t('openSettings')) : null;
  return h(
    'div.failure',
    { role: 'alert' },
    icon('warning'),
    h(
      'div',
      {},
      h('strong', {}, t(`error_${error.kind}`)),
      h('p', {}, error.kind === 'unknown' ? '' : t(`error_${error.kind}Hint`)),
      words(error),
      h('div.row', {}, retry, settings)
    )
  );
}

/** The words that came with a failure; a browser's about the network say nothing more. */
function words({ kind, message }) {
  if (!message || kind === 'offline' || kind === 'lost') return null;
  return h('p.hint', {}, kind === 'setup' || kind === 'unknown' ? message.slice(0, 400) : t('serverSays', { message: message.slice(0, 400) }));
}

function countDown(button, until) {
  const left = () => Math.ceil(((until ?? 0) - Date.now()) / 1000);
  if (left() <= 0) return;
  const show = () => {
    const seconds = left();
    button.disabled = seconds > 0;
    replace(button, seconds > 0 ? t('retryIn', { seconds }) : t('retry'));
    return seconds > 0;
  };
  show();
  const timer = setInterval(() => {
    if (!show() || !button.isConnected) clearInterval(timer);
  }, 500);
}
