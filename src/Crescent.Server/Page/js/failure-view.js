// A failure in words: what happened, what helps, a way to try again.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';

/** @param actions {retry(), openSettings()} */
export function failureView(error, actions) {
  const retry = h('button.primary', { type: 'button', onclick: actions.retry }, t('retry'));
  countDown(retry, error.until);
  const settings = error.kind === 'key' || error.kind === 'refused' ? h('button', { type: 'button', onclick: actions.openSettings }, t('openSettings')) : null;
  return h('div.failure', { role: 'alert' }, icon('warning'), h('div', {},
    h('strong', {}, t(`error_${error.kind}`)), h('p', {}, error.kind === 'unknown' ? '' : t(`error_${error.kind}Hint`)),
    error.message && !['offline', 'lost', 'unknown'].includes(error.kind) ? h('p.hint', {}, t('serverSays', { message: error.message.slice(0, 400) })) : null, h('div.row', {}, retry, settings)));
}

function countDown(button, until) {
  const left = () => Math.ceil(((until ?? 0) - Date.now()) / 1000);
  if (left() <= 0) return;
  const show = () => { const seconds = left(); button.disabled = seconds > 0; replace(button, seconds > 0 ? t('retryIn', { seconds }) : t('retry')); return seconds > 0; };
  show();
  const timer = setInterval(() => { if (!show() || !button.isConnected) clearInterval(timer); }, 500);
}
