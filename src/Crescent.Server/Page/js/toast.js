// A short word at the foot of the page, with at most one action.
import { h, replace } from './dom.js';

const shownMs = 6000;

export class Toasts {
  constructor() {
    this.element = h('div.toasts', { role: 'status', 'aria-live': 'polite' });
  }

  show(text, action) {
    clearTimeout(this.timer);
    const hide = () => replace(this.element);
    replace(
      this.element,
      h(
        'div.toast',
        {},
        h('span', {}, text),
        action
          ? h(
              'button',
              {
                type: 'button',
                onclick: () => {
                  hide();
                  action.run();
                },
              },
              action.label
            )
          : null
      )
    );
    this.timer = setTimeout(hide, shownMs);
  }
}
