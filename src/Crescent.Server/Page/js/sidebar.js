// The list of conversations: by day, searchable, with rename, export and delete; import and export of all.
import { download, h, replace } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { exported, imported, ImportRefused } from './exchange.js';
import { moon } from './moon.js';

const day = 86400000;

/** @param actions {toast(text, action?), closeMenu()} */
export class Sidebar {
  constructor(chat, store, actions) {
    Object.assign(this, { chat, store, actions });
    this.search = h('input', { type: 'search', placeholder: t('search'), 'aria-label': t('search'), oninput: () => this.draw() });
    this.list = h('nav.conversations', { 'aria-label': t('menu') });
    this.picker = h('input.off-screen', {
      type: 'file',
      accept: '.json,application/json',
      tabindex: '-1',
      'aria-label': t('import'),
      onchange: () => this.import(),
    });
    this.element = h(
      'aside.sidebar',
      { id: 'sidebar', 'aria-label': t('menu') },
      h(
        'div.brand',
        {},
        moon(0.19),
        h('span', {}, 'Crescent'),
        h('button.quiet.close-menu', { type: 'button', 'aria-label': t('close'), onclick: actions.closeMenu }, icon('close'))
      ),
      h(
        'button.new',
        {
          type: 'button',
          title: `${t('new')} (Ctrl K)`,
          onclick: () => {
            chat.fresh();
            actions.closeMenu();
          },
        },
        icon('plus'),
        t('new')
      ),
      h('label.search', {}, icon('search'), this.search),
      this.list,
      h(
        'div.sidebar-foot',
        {},
        this.footButton('upload', 'import', () => this.picker.click()),
        this.footButton('download', 'export', () => this.exportAll()),
        this.picker
      )
    );
    this.summaries = [];
  }

  footButton(image, label, onclick) {
    return h('button.quiet', { type: 'button', title: t(label === 'export' ? 'exportAll' : label), onclick }, icon(image), t(label));
  }

  async update() {
    this.summaries = await this.store.summaries();
    this.draw();
  }

  draw() {
    const wanted = this.search.value.trim().toLowerCase();
    const found = this.summaries.filter(({ title, words = '' }) => !wanted || title.toLowerCase().includes(wanted) || words.includes(wanted));
    const groups = new Map();
    for (const summary of found) groups.set(when(summary.updated), [...(groups.get(when(summary.updated)) ?? []), summary]);
    replace(
      this.list,
      [...groups].map(([name, entries]) =>
        h(
          'section',
          {},
          h('h2', {}, t(name)),
          h(
            'ul',
            {},
            entries.map(entry => this.item(entry))
          )
        )
      ),
      found.length ? null : h('p.hint', {}, t(wanted ? 'noneFound' : 'noneYet'))
    );
  }

  item(summary) {
    const title = summary.title || t('untitled');
    const open = summary.id === this.chat.conversation.id;
    const item = h('li', open ? { class: 'current' } : {});
    const button = (image, label, onclick) =>
      h('button.quiet', { type: 'button', 'aria-label': `${t(label)}: ${title}`, title: t(label), onclick }, icon(image));
    item.append(
      h(
        'button.title',
        {
          type: 'button',
          'aria-current': open ? 'page' : null,
          onclick: () => {
            this.chat.open(summary.id);
            this.actions.closeMenu();
          },
        },
        this.chat.runs.has(summary.id) ? moon(0.19, 'busy') : null,
        h('span', {}, title)
      ),
      h(
        'span.item-actions',
        { role: 'group', 'aria-label': t('conversationActions', { title }) },
        button('edit', 'rename', () => this.rename(item, summary)),
        button('download', 'exportOne', () => this.exportOne(summary)),
        button('trash', 'delete', () => this.remove(summary))
      )
    );
    return item;
  }

  rename(item, summary) {
    const field = h('input', { value: summary.title, 'aria-label': t('renameTo'), maxlength: '200' });
    const done = async keep => {
      field.onblur = null;
      if (keep && field.value.trim()) {
        const conversation = await this.loaded(summary.id);
        conversation.title = field.value.trim();
        await this.chat.keep(conversation);
        this.chat.tell('conversation');
      } else this.draw();
    };
    field.onblur = () => done(true);
    field.addEventListener('keydown', event => {
      if (event.key === 'Enter') done(true);
      if (event.key === 'Escape') {
        event.stopPropagation();
        done(false);
      }
    });
    replace(item, field);
    field.select();
  }

  /** The conversation object in use, if it is open or running, else the stored one. */
  async loaded(id) {
    return this.chat.conversation.id === id ? this.chat.conversation : (this.chat.runs.get(id)?.conversation ?? (await this.store.load(id)));
  }

  async exportOne(summary) {
    download(`${fileName(summary.title)}.json`, exported([await this.loaded(summary.id)]));
  }
  async exportAll() {
    download(`crescent-${new Date().toISOString().slice(0, 10)}.json`, exported(await this.store.everything()));
  }

  async import() {
    const [file] = this.picker.files;
    this.picker.value = '';
    if (!file) return;
    try {
      const conversations = imported(await file.text());
      for (const conversation of conversations) await this.store.save(conversation);
      this.actions.toast(t('imported', { count: conversations.length }));
      if (conversations.length) await this.chat.open(conversations[0].id);
      this.chat.tell('list');
    } catch (error) {
      this.actions.toast(error instanceof ImportRefused ? t('importRefused', { where: error.where, expected: error.expected }) : error.message);
    }
  }

  async remove(summary) {
    this.chat.runs.get(summary.id)?.controller.abort();
    const conversation = await this.loaded(summary.id);
    while (this.chat.runs.has(summary.id)) await new Promise(resolve => setTimeout(resolve, 20));
    await this.store.remove(summary.id);
    if (summary.id === this.chat.conversation.id) this.chat.fresh();
    this.chat.tell('list');
    this.actions.toast(t('deleted', { title: summary.title || t('untitled') }), {
      label: t('undo'),
      run: async () => {
        await this.store.save(conversation);
        this.chat.tell('list');
      },
    });
  }
}

const fileName = title =>
  (title || 'conversation')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'conversation';

function when(time) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  return time >= midnight ? 'today' : time >= midnight - day ? 'yesterday' : time >= midnight - 7 * day ? 'week' : 'earlier';
}
