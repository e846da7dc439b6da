// Files dragged over the page.
import { h } from './dom.js';
import { t } from './i18n.js';

/** A veil that shows while files are over the page; gives them to `onFiles`. */
export function dropVeil(onFiles) {
  const veil = h('div.drop-veil', { hidden: true }, h('p', {}, t('drop')));
  const hasFiles = event => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const listen = (name, act) =>
    document.addEventListener(name, event => {
      if (veil.isConnected && hasFiles(event)) {
        event.preventDefault();
        act(event);
      }
    });
  listen('dragover', () => {
    veil.hidden = false;
  });
  listen('dragleave', event => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  listen('drop', event => {
    veil.hidden = true;
    onFiles([...event.dataTransfer.files]);
  });
  return veil;
}
