// ‹ 2 / 3 ›: the versions of a message.
import { h } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';

/** The switch between siblings; nothing where there is one version. */
export function branchSwitch(siblings, id, onStep, disabled) {
  if (siblings.length < 2) return null;
  const at = siblings.findIndex(sibling => sibling.id === id);
  const step = (by, name, image) =>
    h(
      'button.quiet',
      { type: 'button', 'aria-label': t(name), title: t(name), disabled: disabled || !siblings[at + by], onclick: () => onStep(by) },
      icon(image)
    );
  return h(
    'span.branches',
    { role: 'group', 'aria-label': t('version', { at: at + 1, count: siblings.length }) },
    step(-1, 'previous', 'left'),
    h('span.branch-count', {}, `${at + 1} / ${siblings.length}`),
    step(1, 'next', 'right')
  );
}
