// The keys of the page, in a dialog.
import { h } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';

const keys = [
  ['Enter', 'keySend'],
  ['Shift Enter', 'keyLine'],
  ['Esc', 'keyStop'],
  ['↑', 'keyEditLast'],
  ['Ctrl K', 'keyNew'],
  ['Ctrl Shift F', 'keySearch'],
  ['Ctrl ,', 'keySettings'],
  ['/', 'keyFocus'],
  ['Ctrl /', 'keyHelp'],
];

export function helpDialog() {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const combination = text => (mac ? text.replace('Ctrl', '⌘') : text).split(' ').map((key, i) => [i ? ' ' : '', h('kbd', {}, key)]);
  const dialog = h(
    'dialog.help-dialog',
    { 'aria-label': t('keys') },
    h('header', {}, h('h2', {}, t('keys')), h('button.quiet', { type: 'button', 'aria-label': t('close'), onclick: () => dialog.close() }, icon('close'))),
    h(
      'dl',
      {},
      keys.map(([key, words]) => h('div', {}, h('dt', {}, combination(key)), h('dd', {}, t(words))))
    ),
    h('p.hint', {}, t('privacy'))
  );
  dialog.addEventListener('click', event => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
