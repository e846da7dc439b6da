// The open conversation: user messages and turns, kept at the newest while it grows unless the reader scrolled away.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { childrenOf } from './tree.js';
import { emptyState } from './empty-state.js';
import { TurnView } from './turn-view.js';
import { userView } from './user-view.js';

const nearEnd = 80; // pixels

export class Thread {
  constructor(chat, actions) {
    this.chat = chat;
    this.actions = actions;
    this.list = h('div.thread', { role: 'log', 'aria-live': 'off' });
    this.toEnd = h(
      'button.to-end',
      { type: 'button', 'aria-label': t('newTokensBelow'), title: t('newTokensBelow'), hidden: true, onclick: () => this.scrollToEnd(true) },
      icon('down')
    );
    this.said = h('div.off-screen', { 'aria-live': 'polite' });
    this.system = h('button.quiet.system-note', { type: 'button', title: t('system'), onclick: actions.openSettings });
    this.scroller = h('div.thread-scroll', { tabindex: '-1' }, this.system, this.list);
    this.element = h('div.thread-frame', {}, this.scroller, this.toEnd, this.said);
    this.views = new Map();
    this.follows = true;
    this.scroller.addEventListener('scroll', () => this.onScroll());
  }

  onScroll() {
    const left = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight;
    const up = this.scroller.scrollTop < (this.lastTop ?? 0) - 2;
    this.lastTop = this.scroller.scrollTop;
    if (left < nearEnd) this.follows = true;
    else if (up) this.follows = false;
    this.toEnd.hidden = left < nearEnd * 2;
  }

  scrollToEnd(smooth = false) {
    this.follows = true;
    this.scroller.scrollTo({
      top: this.scroller.scrollHeight,
      behavior: smooth && !matchMedia('(prefers-reduced-motion: reduce)').matches ? 'smooth' : 'instant',
    });
  }

  /** Draws the shown path; views of messages that are still shown are kept. */
  update() {
    const { conversation, path, run } = this.chat;
    if (conversation !== this.drawnConversation) {
      this.views.clear();
      this.drawnConversation = conversation;
      this.follows = true;
    }
    const asked = path.findLast(message => message.role === 'user')?.id;
    if (asked !== this.asked) {
      this.asked = asked;
      this.follows = true;
    }
    this.drawSystem(conversation.system.trim());
    const groups = turns(path);
    const kept = new Map();
    this.turn = null;
    const elements = groups.map((group, i) => this.draw(group, i === groups.length - 1, run, kept));
    this.views = kept;
    if (path.length === 0) replace(this.list, emptyState(this.actions.example));
    else this.place(elements);
    if (path.length === 0) this.scroller.scrollTop = 0;
    else if (this.follows) this.scrollToEnd();
  }

  /** A reminder of the system prompt above the conversation. */
  drawSystem(text) {
    this.system.hidden = text === '';
    replace(this.system, icon('pin'), h('span', {}, text.slice(0, 200)));
  }

  /** Makes the list hold these elements, moving only what differs. */
  place(elements) {
    elements.forEach((element, i) => {
      const at = this.list.children[i];
      if (at !== element) this.list.insertBefore(element, at ?? null);
    });
    while (this.list.children.length > elements.length) this.list.lastChild.remove();
  }

  draw(group, isLast, run, kept) {
    const { conversation } = this.chat;
    const first = group[0];
    const siblings = childrenOf(conversation, first.parent);
    if (first.role === 'user') return this.drawUser(first, siblings, Boolean(run), kept);
    const view =
      this.views.get(first.id) ??
      new TurnView({
        regenerate: () => this.chat.regenerate(first.id),
        step: by => this.chat.select(first.id, by),
        goOn: id => this.chat.goOn(id),
        retry: id => this.chat.retry(id),
        openSettings: this.actions.openSettings,
        answerTool: (call, text) => this.chat.answerTool(call, text),
      });
    kept.set(first.id, view);
    const running = run && group.includes(run.message) ? run : null;
    if (running) this.turn = { view, group, siblings };
    view.update(group, siblings, running, isLast, Boolean(run));
    return view.element;
  }

  drawUser(message, siblings, busy, kept) {
    const key = `${message.id} ${siblings.length}`;
    const element =
      this.views.get(key) ?? userView(message, siblings, { edit: text => this.chat.edit(message.id, text), step: by => this.chat.select(message.id, by) });
    if (element.busy !== busy) {
      element.busy = busy;
      element.setBusy(busy);
    }
    kept.set(key, element);
    this.lastUser = element;
    return element;
  }

  /** Draws what has come since the last frame. */
  live(run) {
    if (!this.turn || this.frame || run.conversation !== this.chat.conversation) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.turn || this.chat.run !== run) return;
      this.turn.view.update(this.turn.group, this.turn.siblings, run, true, true);
      if (this.follows) this.scrollToEnd();
    });
  }

  announce(text) {
    replace(this.said, text);
  }
  editLast() {
    if (!this.chat.run) this.lastUser?.isConnected && this.lastUser.startEdit();
  }
}

/** A path in groups: each user message alone, each of the model's turns whole. */
export function turns(path) {
  const groups = [];
  for (const message of path) {
    if (message.role === 'user' || !groups.length || groups.at(-1)[0].role === 'user') groups.push([message]);
    else groups.at(-1).push(message);
  }
  return groups;
}
