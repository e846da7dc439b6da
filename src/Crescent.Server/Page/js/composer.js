// The field at the foot: text, attached files, thinking, send and stop. Drafts are kept per conversation while the page lives.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { bytes, t } from './i18n.js';
import { mostFiles, readTextFile } from './attachments.js';
import { fitHeight } from './fit.js';
import { efforts } from './settings.js';
import { activeTools } from './tools.js';

/** @param actions {openTools(), editLast(), toast(text)} */
export class Composer {
  constructor(chat, settings, actions) {
    Object.assign(this, { chat, settings, actions });
    this.drafts = new Map();
    this.files = [];
    this.field = h('textarea', {
      id: 'message',
      rows: '1',
      dir: 'auto',
      'aria-label': t('ask'),
      placeholder: t('ask'),
      enterkeyhint: 'send',
      oninput: () => this.changed(),
      onkeydown: event => this.onKey(event),
      onpaste: event => this.onPaste(event),
    });
    this.fileList = h('ul.files', { 'aria-label': t('attachments') });
    this.picker = h('input.off-screen', {
      type: 'file',
      multiple: true,
      tabindex: '-1',
      'aria-label': t('attach'),
      onchange: () => {
        this.attach([...this.picker.files]);
        this.picker.value = '';
      },
    });
    this.submit = h('button.send', { type: 'button', onclick: () => (this.chat.run ? this.chat.stop() : this.send()) });
    this.toolCount = h('span.count');
    this.toolButton = h('button.quiet.with-count', { type: 'button', title: t('tools'), onclick: actions.openTools }, icon('tool'), this.toolCount);
    this.effort = h(
      'select',
      { 'aria-label': t('effort'), title: t('effort'), onchange: () => settings.set('effort', this.effort.value) },
      efforts.map(value => h('option', { value, selected: settings.get('effort') === value }, t(`effort_${value}`)))
    );
    this.element = h(
      'form.composer',
      { onsubmit: event => event.preventDefault() },
      this.fileList,
      this.field,
      h(
        'div.composer-row',
        {},
        h('button.quiet', { type: 'button', 'aria-label': t('attach'), title: t('attach'), onclick: () => this.picker.click() }, icon('clip')),
        this.picker,
        this.toolButton,
        h('label.effort', { title: t('effort') }, icon('thought'), this.effort),
        h('span.grow'),
        this.submit
      )
    );
    this.update();
  }

  /** Follows the open conversation: its draft, and whether an answer is under way. */
  update() {
    const id = this.chat.conversation.id;
    if (id !== this.shownId) {
      if (this.shownId) this.drafts.set(this.shownId, { text: this.field.value, files: this.files });
      const draft = this.drafts.get(id) ?? { text: '', files: [] };
      this.shownId = id;
      this.field.value = draft.text;
      this.files = draft.files;
    }
    this.field.placeholder = t(this.chat.path.length ? 'askAgain' : 'ask');
    this.effort.value = this.settings.get('effort');
    this.changed();
    this.drawFiles();
  }

  changed() {
    const running = Boolean(this.chat.run);
    if (running !== this.drawnRunning) {
      replace(this.submit, icon(running ? 'stop' : 'send'));
      this.submit.title = t(running ? 'stop' : 'send');
      this.submit.setAttribute('aria-label', this.submit.title);
      this.submit.classList.toggle('stops', running);
      this.drawnRunning = running;
    }
    this.submit.disabled = !running && !this.field.value.trim() && !this.files.length;
    let tools = 0;
    try {
      tools = activeTools(this.settings.values).length;
    } catch {
      /* the tools panel shows what is wrong */
    }
    replace(this.toolCount, tools ? String(tools) : '');
    this.toolButton.setAttribute('aria-label', `${t('tools')} ${tools || ''}`.trim());
    fitHeight(this.field);
  }

  drawFiles() {
    this.fileList.hidden = this.files.length === 0;
    replace(
      this.fileList,
      this.files.map(file =>
        h(
          'li.file',
          {},
          icon('file'),
          h('span', {}, file.name),
          h('small', {}, bytes(new Blob([file.text]).size)),
          h(
            'button.quiet',
            {
              type: 'button',
              'aria-label': t('detach', { name: file.name }),
              onclick: () => {
                this.files = this.files.filter(other => other !== file);
                this.drawFiles();
                this.changed();
                this.field.focus();
              },
            },
            icon('close')
          )
        )
      )
    );
  }

  send() {
    const text = this.field.value.trim();
    if ((!text && !this.files.length) || this.chat.run) return;
    const files = this.files;
    this.files = [];
    this.field.value = '';
    this.chat.send(text, files);
    this.update();
  }

  /** Puts a text into the field. */
  put(text) {
    this.field.value = text;
    this.changed();
    this.field.focus();
  }

  async attach(files) {
    for (const file of files) {
      if (this.files.length >= mostFiles) {
        this.actions.toast(t('filesTooMany', { count: mostFiles }));
        break;
      }
      try {
        this.files = [...this.files, await readTextFile(file)];
      } catch (error) {
        this.actions.toast(error.key ? t(error.key, error.values) : error.message);
      }
    }
    this.drawFiles();
    this.changed();
    this.field.focus();
  }

  onPaste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) {
      event.preventDefault();
      this.attach(files);
    }
  }

  onKey(event) {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    }
    if (event.key === 'ArrowUp' && this.field.value === '' && !this.files.length) {
      event.preventDefault();
      this.actions.editLast();
    }
  }
}
