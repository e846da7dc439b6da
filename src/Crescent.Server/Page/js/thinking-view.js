// The model's thinking: open while it thinks, folded to its duration afterwards.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { duration, t } from './i18n.js';
import { Prose } from './prose.js';

export class ThinkingView {
  constructor() {
    this.prose = new Prose();
    this.label = h('span.thinking-label');
    this.element = h(
      'details.thinking',
      {},
      h('summary', {}, icon('thought'), this.label, h('span.chevron', {}, icon('down'))),
      h('div.thinking-text', {}, this.prose.element)
    );
    this.element.firstChild.addEventListener('click', () => {
      this.chosen = true;
    });
    this.element.addEventListener('toggle', () => {
      if (this.element.open) this.draw();
    });
  }

  /** Follows a message; `thinking` while its thinking goes on. */
  update(message, thinking) {
    this.text = message.reasoning ?? '';
    this.thinking = thinking;
    if (!this.chosen) this.element.open = thinking && this.text !== '';
    const time = message.reasoningMs;
    replace(
      this.label,
      thinking ? t('thinkingNow') : this.text === '' ? t('thoughtNothing') : time === undefined ? t('thoughtSome') : t('thoughtFor', { time: duration(time) })
    );
    this.element.classList.toggle('now', thinking);
    if (this.element.open) this.draw();
  }

  draw() {
    this.prose.update(this.text, this.thinking);
    const box = this.element.lastChild;
    if (this.thinking) box.scrollTop = box.scrollHeight;
  }
}
