// Fields that the panels share.
import { h } from './dom.js';
import { t } from './i18n.js';

let count = 0;

/** A group with a heading and a hint. */
export function group(title, hint, ...children) {
  return h('section.group', {}, h('h2', {}, title), hint ? h('p.hint', {}, hint) : null, children);
}

/** A switch with a label and a hint. */
export function toggle(label, hint, on, onChange) {
  const id = `toggle-${++count}`;
  return h(
    'div.toggle',
    {},
    h('div', {}, h('label', { for: id }, label), hint ? h('p.hint', { id: `${id}-hint` }, hint) : null),
    h('input.switch', {
      id,
      type: 'checkbox',
      role: 'switch',
      checked: on,
      'aria-describedby': hint ? `${id}-hint` : null,
      onchange: event => onChange(event.target.checked),
    })
  );
}

/** A choice among [value, label] pairs. */
export function choice(label, pairs, value, onChange) {
  const id = `choice-${++count}`;
  return h(
    'div.choice',
    {},
    h('label', { for: id }, label),
    h(
      'select',
      { id, onchange: event => onChange(event.target.value) },
      pairs.map(([key, text]) => h('option', { value: key, selected: key === value }, text))
    )
  );
}

/** A text field for JSON that says whether it is valid; `check` returns words for what is right or throws. */
export function jsonField(label, value, placeholder, check, onChange) {
  const id = `json-${++count}`;
  const verdict = h('p.verdict', { id: `${id}-verdict`, role: 'status' });
  const judge = text => {
    try {
      verdict.textContent = text.trim() ? check(text) : '';
      verdict.dataset.state = 'right';
    } catch (error) {
      verdict.textContent = t('jsonInvalid', { message: error.message });
      verdict.dataset.state = 'wrong';
    }
    field.setAttribute('aria-invalid', String(verdict.dataset.state === 'wrong'));
  };
  const field = h('textarea.code', {
    id,
    rows: '7',
    spellcheck: 'false',
    'aria-label': label,
    'aria-describedby': `${id}-verdict`,
    placeholder,
    value,
    oninput: () => {
      judge(field.value);
      onChange(field.value);
    },
  });
  judge(value);
  const element = h('div.json', {}, field, verdict);
  element.put = text => {
    field.value = text;
    judge(text);
    onChange(text);
  };
  return element;
}

/** A slider and a number for one setting; empty leaves the choice to the model. */
export function slider({ name, min, max, step, box }, value, fallback, onChange) {
  const id = `slider-${name}`;
  const shown = Number.isFinite(fallback) ? String(Math.round(fallback * 1000) / 1000) : t('default');
  const number = h('input', {
    id,
    type: 'number',
    min,
    max,
    step,
    inputmode: 'decimal',
    placeholder: shown,
    value: value ?? '',
    'aria-describedby': `${id}-hint`,
  });
  const range = box
    ? null
    : h('input', { type: 'range', min, max, step, 'aria-label': t(name), tabindex: '-1', value: value ?? (Number.isFinite(fallback) ? fallback : min) });
  const row = h('div.slider', {}, h('label', { for: id }, t(name)), number, range, h('p.hint', { id: `${id}-hint` }, t(`${name}Hint`)));
  const set = text => {
    const next = text === '' ? null : Math.min(max, Math.max(min, Number(text)));
    row.classList.toggle('unset', next === null);
    if (range && next !== null) range.value = next;
    onChange(Number.isFinite(next) ? next : null);
  };
  number.addEventListener('input', () => set(number.value));
  number.addEventListener('change', () => {
    if (number.value !== '') number.value = Math.min(max, Math.max(min, Number(number.value)));
  });
  range?.addEventListener('input', () => {
    number.value = range.value;
    set(range.value);
  });
  row.classList.toggle('unset', value === undefined || value === null);
  return row;
}
