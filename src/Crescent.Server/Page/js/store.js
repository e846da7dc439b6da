// Where conversations are kept: IndexedDB of this browser, or memory where the browser refuses. Nothing leaves the machine.

const databaseName = 'crescent';

/** Opens the store. `lasting` says whether it survives the page. */
export async function openStore(factory = globalThis.indexedDB) {
  try {
    return new ConversationStore(new BrowserTable(await openDatabase(factory)), true);
  } catch {
    return new ConversationStore(new MemoryTable(), false);
  }
}

/** Conversations by id, and their summaries {id, title, updated, pinned} for the list. */
export class ConversationStore {
  constructor(table, lasting) {
    this.table = table;
    this.lasting = lasting;
  }

  /** Newest first. */
  async summaries() {
    return (await this.table.all('summaries')).sort((a, b) => b.updated - a.updated);
  }

  load(id) {
    return this.table.get('conversations', id);
  }

  async save(conversation) {
    const { id, title, updated } = conversation;
    await this.table.put({ conversations: conversation, summaries: { id, title, updated, words: searchable(conversation) } });
  }

  async remove(id) {
    await this.table.remove(['conversations', 'summaries'], id);
  }

  everything() {
    return this.table.all('conversations');
  }
}

/** What the search looks in: the first characters of each message. */
const searchable = conversation =>
  Object.values(conversation.messages)
    .map(message => message.content.slice(0, 400))
    .join('\n')
    .slice(0, 8000)
    .toLowerCase();

export class MemoryTable {
  constructor() {
    this.stores = { conversations: new Map(), summaries: new Map() };
  }
  async all(store) {
    return [...this.stores[store].values()].map(value => structuredClone(value));
  }
  async get(store, id) {
    return structuredClone(this.stores[store].get(id));
  }
  async put(values) {
    for (const [store, value] of Object.entries(values)) this.stores[store].set(value.id, structuredClone(value));
  }
  async remove(stores, id) {
    for (const store of stores) this.stores[store].delete(id);
  }
}

class BrowserTable {
  constructor(database) {
    this.database = database;
  }

  all(store) {
    return settled(this.database.transaction(store).objectStore(store).getAll());
  }
  get(store, id) {
    return settled(this.database.transaction(store).objectStore(store).get(id));
  }

  put(values) {
    const transaction = this.database.transaction(Object.keys(values), 'readwrite');
    for (const [store, value] of Object.entries(values)) transaction.objectStore(store).put(value);
    return finished(transaction);
  }

  remove(stores, id) {
    const transaction = this.database.transaction(stores, 'readwrite');
    for (const store of stores) transaction.objectStore(store).delete(id);
    return finished(transaction);
  }
}

function openDatabase(factory) {
  const request = factory.open(databaseName, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('conversations', { keyPath: 'id' });
    request.result.createObjectStore('summaries', { keyPath: 'id' });
  };
  return settled(request);
}

const settled = request =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const finished = transaction =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
