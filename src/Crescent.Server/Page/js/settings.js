// What the user chose, kept in this browser. The API key lives only as long as the tab.

const key = 'crescent-settings';
const initial = {
  theme: 'system',
  language: '',
  sampler: {},
  effort: '',
  schemaText: '',
  schemaOn: false,
  probabilities: false,
  toolsText: '',
  builtInTools: {},
  presets: [],
  system: '',
  sidebar: true,
  model: '',
};

/** Samplers: range and step of each; absent from a request while unset. */
export const samplers = [
  { name: 'temperature', min: 0, max: 2, step: 0.05 },
  { name: 'top_p', min: 0, max: 1, step: 0.01 },
  { name: 'top_k', min: 0, max: 200, step: 1 },
  { name: 'min_p', min: 0, max: 1, step: 0.01 },
  { name: 'repeat_penalty', min: 0.8, max: 2, step: 0.01 },
  { name: 'presence_penalty', min: -2, max: 2, step: 0.05 },
  { name: 'frequency_penalty', min: -2, max: 2, step: 0.05 },
  { name: 'max_tokens', min: 1, max: 1048576, step: 1, box: true },
  { name: 'seed', min: 0, max: 4294967295, step: 1, box: true },
];

export const efforts = ['', 'none', 'low', 'medium', 'high'];

/** A storage of the browser; undefined where it is forbidden, which even asking for it may tell by an error. */
function allowed(name) {
  try {
    return globalThis[name];
  } catch {
    return undefined;
  }
}

export class Settings {
  constructor(storage = allowed('localStorage'), session = allowed('sessionStorage')) {
    this.storage = storage;
    this.session = session;
    this.values = { ...initial, ...this.read() };
    this.listeners = new Set();
  }

  read() {
    try {
      const saved = JSON.parse(this.storage.getItem(key) ?? '{}');
      return Object.fromEntries(
        Object.entries(saved).filter(
          ([name, value]) => name in initial && typeof value === typeof initial[name] && Array.isArray(value) === Array.isArray(initial[name]) && value !== null
        )
      );
    } catch {
      return {};
    }
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
    try {
      this.storage.setItem(key, JSON.stringify(this.values));
    } catch {
      /* a full or closed storage: the choice lasts as long as the page */
    }
    for (const listener of this.listeners) listener(name);
  }

  get apiKey() {
    try {
      return this.session.getItem('crescent-key') ?? '';
    } catch {
      return this.key ?? '';
    }
  }
  set apiKey(value) {
    this.key = value;
    try {
      if (value) this.session.setItem('crescent-key', value);
      else this.session.removeItem('crescent-key');
    } catch {
      /* kept in this object */
    }
  }

  /** The fields of a chat request that the settings decide. Throws SyntaxError for a schema that is no JSON. */
  requestFields() {
    const { sampler, effort, schemaOn, schemaText, probabilities, model } = this.values;
    const fields = {};
    for (const { name } of samplers) if (Number.isFinite(sampler[name])) fields[name] = sampler[name];
    if (model) fields.model = model;
    if (effort) fields.reasoning_effort = effort;
    if (schemaOn && schemaText.trim())
      fields.response_format = { type: 'json_schema', json_schema: { name: 'answer', schema: JSON.parse(schemaText), strict: true } };
    if (probabilities) Object.assign(fields, { logprobs: true, top_logprobs: 5 });
    return fields;
  }
}
