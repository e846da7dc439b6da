// The drawer at the side: settings, tools, model.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';

const tabs = ['settings', 'tools', 'model'];
const images = { settings: 'sliders', tools: 'tool', model: 'chip' };

/** @param contents for each tab {element, shown?(), hidden?()}; `onToggle` is told of opening and closing. */
export class Panel {
  constructor(contents, onToggle) {
    this.contents = contents;
    this.body = h('div.panel-body', { role: 'tabpanel', tabindex: '-1' });
    this.buttons = tabs.map(name =>
      h('button', { type: 'button', role: 'tab', 'data-tab': name, onclick: () => this.open(name) }, icon(images[name]), h('span', {}, t(name)))
    );
    const list = h('div.tabs', { role: 'tablist', 'aria-label': t('settings'), onkeydown: event => this.onKey(event) }, this.buttons);
    this.element = h(
      'aside.panel',
      { 'aria-label': t('settings'), hidden: true },
      h(
        'div.panel-head',
        {},
        list,
        h('button.quiet', { type: 'button', 'aria-label': t('close'), title: t('close'), onclick: () => this.close() }, icon('close'))
      ),
      this.body
    );
    this.onToggle = onToggle;
    this.current = null;
  }

  get isOpen() {
    return !this.element.hidden;
  }

  open(name) {
    if (this.isOpen && this.current !== name) this.contents[this.current]?.hidden?.();
    if (!this.isOpen) this.opener = document.activeElement;
    this.current = name;
    for (const button of this.buttons) {
      const selected = button.dataset.tab === name;
      button.setAttribute('aria-selected', String(selected));
      button.tabIndex = selected ? 0 : -1;
    }
    replace(this.body, this.contents[name].element);
    this.body.scrollTop = 0;
    this.element.hidden = false;
    document.body.classList.add('panel-open');
    this.onToggle();
    this.contents[name].shown?.();
    this.buttons[tabs.indexOf(name)].focus();
  }

  toggle(name) {
    if (this.isOpen && this.current === name) this.close();
    else this.open(name);
  }

  close() {
    if (!this.isOpen) return;
    this.contents[this.current]?.hidden?.();
    this.element.hidden = true;
    document.body.classList.remove('panel-open');
    this.onToggle();
    if (this.opener?.isConnected) this.opener.focus();
  }

  onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) this.open(tabs[(tabs.indexOf(this.current) + step + tabs.length) % tabs.length]);
  }
}
