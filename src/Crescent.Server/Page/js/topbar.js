// The bar above the conversation: menu, title, context meter, model, theme, settings.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { number, short, t } from './i18n.js';
import { moon } from './moon.js';

const themes = ['system', 'light', 'dark'];

/** @param actions {toggleMenu(), openPanel(tab), help()} */
export class TopBar {
  constructor(chat, settings, server, actions) {
    Object.assign(this, { chat, settings, server });
    this.title = h('h1.conversation-title');
    this.meterMoon = moon(0);
    this.meterText = h('span');
    this.meter = h('button.quiet.meter', { type: 'button', onclick: () => actions.openPanel('model') }, this.meterMoon, this.meterText);
    this.modelName = h('span');
    this.modelButton = h(
      'button.quiet.model-name',
      { type: 'button', title: t('model'), onclick: () => actions.openPanel('model') },
      icon('chip'),
      this.modelName
    );
    this.themeButton = h('button.quiet.theme', {
      type: 'button',
      onclick: () => settings.set('theme', themes[(themes.indexOf(settings.get('theme')) + 1) % themes.length]),
    });
    const button = (image, label, onclick, more = '') =>
      h(`button.quiet${more}`, { type: 'button', 'aria-label': t(label), title: t(label), onclick }, icon(image));
    this.element = h(
      'header.topbar',
      {},
      button('menu', 'menu', actions.toggleMenu),
      h('div.title-space', {}, this.title),
      this.meter,
      this.modelButton,
      this.themeButton,
      button('help', 'help', actions.help, '.help'),
      button('sliders', 'settings', () => actions.openPanel('settings'))
    );
    this.update();
  }

  update() {
    replace(this.title, this.chat.conversation.title);
    this.title.hidden = !this.chat.conversation.title;
    const theme = this.settings.get('theme');
    const label = `${t('theme')}: ${t(`theme${theme[0].toUpperCase()}${theme.slice(1)}`)}`;
    replace(this.themeButton, icon({ system: 'screen', light: 'sun', dark: 'night' }[theme]));
    this.themeButton.title = label;
    this.themeButton.setAttribute('aria-label', label);
    replace(this.modelName, this.server.modelName || t('model'));
    this.updateMeter();
  }

  updateMeter() {
    const used = this.chat.contextUsed;
    const size = this.server.contextSize;
    this.meter.hidden = used === 0 && !size;
    this.meterMoon.set(size ? used / size : 0);
    replace(this.meterText, size ? `${short(used)} / ${short(size)}` : short(used));
    const title = size
      ? t('contextTitle', { used: number(used), size: number(size), left: number(Math.max(0, size - used)) })
      : t('contextUnknown', { used: number(used) });
    this.meter.title = title;
    this.meter.setAttribute('aria-label', `${this.meterText.textContent}. ${title}`);
    this.meter.classList.toggle('nearly-full', size > 0 && used / size > 0.85);
  }
}
