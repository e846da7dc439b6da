// The timeline of an answer's tool calls: name, state, duration; unfolded, arguments and result.
import { fromTree, h, replace } from './dom.js';
import { icon } from './icons.js';
import { duration, t } from './i18n.js';
import { highlight } from './highlight.js';

/** States of a call: writing (arguments still come), running, waiting (for the user), done, failed. */
export class ToolCallView {
  /** @param onAnswer called with the result that the user typed. */
  constructor(call, onAnswer) {
    this.onAnswer = onAnswer;
    this.name = h('span.tool-name');
    this.state = h('span.tool-state');
    this.body = h('div.tool-body');
    this.preview = h('span.tool-preview');
    this.element = h(
      'details.tool',
      {},
      h('summary', {}, h('span.tool-mark', {}, icon('tool')), this.name, this.preview, this.state, h('span.chevron', {}, icon('down'))),
      this.body
    );
  }

  update(call, result, state) {
    replace(this.name, call.name || t('toolCall'));
    replace(this.preview, oneLine(call.arguments));
    replace(this.state, stateLabel(state, result));
    this.element.dataset.state = state;
    if (state === 'waiting') this.element.open = true;
    const drawn = JSON.stringify([call.arguments, result?.content, state]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    replace(
      this.body,
      section(t('toolArguments'), call.arguments),
      state === 'waiting' ? this.form(call) : result ? section(t('toolResult'), result.content) : null
    );
  }

  form(call) {
    const id = `answer-${call.id}`;
    const field = h('textarea', { id, rows: '3', placeholder: t('toolAnswerHint') });
    const submit = () => this.onAnswer(call, field.value);
    field.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
    });
    return h(
      'div.tool-answer',
      {},
      h('label', { for: id }, t('toolAnswer', { name: call.name })),
      field,
      h('button.primary', { type: 'button', onclick: submit }, t('toolSend'))
    );
  }
}

function stateLabel(state, result) {
  if (state === 'done' || state === 'failed')
    return [t(state === 'done' ? 'toolDone' : 'toolFailed'), result?.ms === undefined ? '' : ` · ${duration(result.ms)}`];
  return t({ writing: 'toolWriting', running: 'toolRunning', waiting: 'toolWaiting' }[state]);
}

function oneLine(text) {
  try {
    const value = JSON.parse(text);
    const parts = Object.entries(value).map(([name, entry]) => `${name}: ${typeof entry === 'string' ? entry : JSON.stringify(entry)}`);
    return parts.join(', ').slice(0, 120);
  } catch {
    return text.slice(0, 120);
  }
}

function section(title, text) {
  let shown = text,
    language = '';
  try {
    const value = JSON.parse(text);
    if (typeof value === 'object') {
      shown = JSON.stringify(value, null, 2);
      language = 'json';
    }
  } catch {
    /* shown as it is */
  }
  return h(
    'div.tool-section',
    {},
    h('p.tool-title', {}, title),
    h(
      'pre',
      { tabindex: '0' },
      h(
        'code',
        {},
        highlight(shown || '{}', language).map(part => fromTree(part))
      )
    )
  );
}
