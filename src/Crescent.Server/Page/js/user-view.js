// What the user said: text as typed, attached files as chips, a form to edit it into a new branch.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { bytes, t } from './i18n.js';
import { branchSwitch } from './branch-view.js';
import { copyButton } from './prose.js';
import { fitHeight } from './fit.js';

/** @param actions {edit(text), step(by)}; the element's `startEdit()` opens the form, `setBusy(busy)` shuts what a running answer forbids. */
export function userView(message, siblings, actions) {
  const article = h('article.user', { 'aria-label': t('you') });
  const edit = h('button.quiet', { type: 'button', 'aria-label': t('edit'), title: t('edit'), onclick: () => article.startEdit() }, icon('edit'));
  const bubble = h('div.bubble', {}, fileChips(message), message.content ? h('p', { dir: 'auto' }, message.content) : null);
  const switches = h('span');
  const footer = h(
    'div.actions',
    {},
    h(
      'span.on-hover',
      {},
      copyButton(() => message.content),
      edit
    ),
    switches
  );
  article.setBusy = busy => {
    edit.disabled = busy;
    replace(switches, branchSwitch(siblings, message.id, actions.step, busy));
  };
  article.append(bubble, footer);
  article.startEdit = () => {
    article.replaceChildren(editor(message, actions, () => article.replaceChildren(bubble, footer)));
    article.querySelector('textarea').focus();
  };
  return article;
}

const fileChips = message =>
  message.attachments?.length
    ? h(
        'ul.files',
        { 'aria-label': t('attachments') },
        message.attachments.map(file => h('li.file', {}, icon('file'), h('span', {}, file.name), h('small', {}, bytes(new Blob([file.text]).size))))
      )
    : null;

function editor(message, actions, cancel) {
  const field = h('textarea', { 'aria-label': t('edit'), value: message.content, rows: '1' });
  const submit = () => {
    if (field.value.trim() || message.attachments?.length) actions.edit(field.value.trim());
  };
  field.addEventListener('input', () => fitHeight(field));
  field.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      cancel();
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  requestAnimationFrame(() => fitHeight(field));
  return h(
    'div.editor',
    {},
    fileChips(message),
    field,
    h('div.row', {}, h('button', { type: 'button', onclick: cancel }, t('cancel')), h('button.primary', { type: 'button', onclick: submit }, t('editSend')))
  );
}
