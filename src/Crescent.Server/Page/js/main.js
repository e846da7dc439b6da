// Wires the page: state below, views above, keys and files around them.
import { Api } from './api.js';
import { Chat } from './chat.js';
import { Composer } from './composer.js';
import { h } from './dom.js';
import { dropVeil } from './drop.js';
import { helpDialog } from './help.js';
import { setLanguage, t } from './i18n.js';
import { listenToKeys } from './keyboard.js';
import { markMathFont } from './math-font.js';
import { ModelPanel } from './model-panel.js';
import { Panel } from './panel.js';
import { Server } from './server.js';
import { Settings } from './settings.js';
import { SettingsPanel } from './settings-panel.js';
import { Sidebar } from './sidebar.js';
import { openStore } from './store.js';
import { Thread } from './thread.js';
import { Toasts } from './toast.js';
import { ToolsPanel } from './tools-panel.js';
import { TopBar } from './topbar.js';

const settings = new Settings();
const api = new Api(document.baseURI, () => settings.apiKey);
const store = await openStore();
const server = new Server(api, settings);
const chat = new Chat(api, store, settings);
const narrow = matchMedia('(max-width: 52rem)'); // as in layout.css
const medium = matchMedia('(max-width: 80rem)');
let view;

/** Builds the whole page in the current language, around the state that stays. */
function build() {
  document.documentElement.lang = setLanguage(settings.get('language'));
  const toasts = new Toasts();
  const toast = (text, action) => toasts.show(text, action);
  const menu = open => {
    document.body.classList.toggle('menu-open', open);
    coverMain();
  };
  const closeMenu = () => {
    if (narrow.matches) menu(false);
  };
  const panel = new Panel(
    {
      settings: new SettingsPanel(chat, settings, server, { languageChanged, keyChanged: () => server.refresh(), deleteAll }),
      tools: new ToolsPanel(settings),
      model: new ModelPanel(chat, settings, server),
    },
    coverMain
  );
  const help = helpDialog();
  const thread = new Thread(chat, { example: text => composer.put(text), openSettings: () => panel.open('settings') });
  const composer = new Composer(chat, settings, { openTools: () => panel.toggle('tools'), editLast: () => thread.editLast(), toast });
  const sidebar = new Sidebar(chat, store, { toast, closeMenu });
  const toggleMenu = () => {
    const open = !document.body.classList.contains('menu-open');
    menu(open);
    if (!narrow.matches) settings.set('sidebar', open);
    else if (open) sidebar.search.focus();
  };
  const topbar = new TopBar(chat, settings, server, { toggleMenu, openPanel: name => panel.toggle(name), help: () => help.showModal() });
  document.getElementById('page').replaceChildren(
    h(
      'a.skip',
      {
        href: '#message',
        onclick: event => {
          event.preventDefault();
          composer.field.focus();
        },
      },
      t('skip')
    ),
    sidebar.element,
    h('div.scrim', {
      onclick: () => {
        closeMenu();
        panel.close();
      },
    }),
    h('main', {}, topbar.element, thread.element, composer.element, toasts.element),
    panel.element,
    help,
    dropVeil(files => composer.attach(files))
  );
  document.body.classList.remove('panel-open');
  menu(!narrow.matches && settings.get('sidebar'));
  view = { toasts, toast, menu, closeMenu, panel, help, thread, composer, sidebar, topbar };
  sidebar.update();
  draw();
  composer.field.focus({ preventScroll: true });
}

/** Under a drawer that lies over it, the conversation takes no focus. */
function coverMain() {
  const covered = (narrow.matches && document.body.classList.contains('menu-open')) || (medium.matches && document.body.classList.contains('panel-open'));
  const main = document.querySelector('main');
  if (main) main.inert = covered;
}

/** The open conversation in the address, so that reloading and the browser's back lead to it. */
function showAddress() {
  const id = chat.path.length ? chat.conversation.id : '';
  if (location.hash.slice(1) !== id) history.pushState(null, '', id ? `#${id}` : location.pathname + location.search);
}

function openAddress() {
  const id = location.hash.slice(1);
  if (id !== chat.conversation.id || !chat.path.length) return id ? chat.open(id) : chat.path.length ? chat.fresh() : null;
}

function draw() {
  document.title = chat.conversation.title ? `${chat.conversation.title} · Crescent` : 'Crescent';
  view.thread.update();
  view.composer.update();
  view.topbar.update();
}

function languageChanged() {
  build();
  view.panel.open('settings');
}

async function deleteAll() {
  for (const run of chat.runs.values()) run.controller.abort();
  while (chat.runs.size) await new Promise(resolve => setTimeout(resolve, 20));
  for (const { id } of await store.summaries()) await store.remove(id);
  chat.fresh();
  chat.tell('list');
}

function showTheme() {
  document.documentElement.dataset.theme = settings.get('theme');
}

function escape() {
  if (view.help.open) return;
  if (narrow.matches && document.body.classList.contains('menu-open')) view.menu(false);
  else if (view.panel.isOpen) view.panel.close();
  else chat.stop();
}

function onConversation(event) {
  draw();
  showAddress();
  if (event.detail?.finished && server.state === 'failed') server.refresh();
  view.sidebar.draw();
  if (event.detail?.finished === chat.conversation.id) view.thread.announce(t('answerReady'));
}

function onLive(event) {
  view.thread.live(event.detail);
  if (event.detail.conversation === chat.conversation) view.topbar.updateMeter();
}

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('crescent') : null;
showTheme();
build();
settings.listeners.add(name => {
  showTheme();
  view.topbar.update();
  if (['builtInTools', 'toolsText', 'effort'].includes(name)) view.composer.changed();
});
chat.addEventListener('conversation', onConversation);
chat.addEventListener('system', () => view.thread.drawSystem(chat.conversation.system.trim()));
chat.addEventListener('live', onLive);
chat.addEventListener('list', () => {
  view.sidebar.update();
  view.topbar.update();
  channel?.postMessage('list');
});
chat.addEventListener('trouble', event => view.toast(event.detail.message));
channel?.addEventListener('message', () => view.sidebar.update());
server.addEventListener('change', () => view.topbar.update());
addEventListener('popstate', openAddress);
narrow.addEventListener('change', () => view.menu(!narrow.matches && settings.get('sidebar')));
listenToKeys({
  fresh: () => {
    chat.fresh();
    view.composer.field.focus();
  },
  help: () => view.help.showModal(),
  settings: () => view.panel.toggle('settings'),
  focus: () => view.composer.field.focus(),
  search: () => {
    view.menu(true);
    view.sidebar.search.focus();
  },
  escape,
});
markMathFont();
if (!store.lasting) view.toast(t('notLasting'));
server.refresh();
openAddress();
