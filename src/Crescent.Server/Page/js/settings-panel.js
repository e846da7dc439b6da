// Settings: system prompt and presets, sampling, JSON answers, the page itself.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { choice, group, jsonField, slider, toggle } from './controls.js';
import { samplers } from './settings.js';

const ownPresets = ['presetBrief', 'presetCoder', 'presetTutor', 'presetTranslator'];

/** @param actions {languageChanged(), keyChanged(), deleteAll()} */
export class SettingsPanel {
  constructor(chat, settings, server, actions) {
    Object.assign(this, { chat, settings, server, actions });
    this.element = h('div');
    chat.addEventListener('conversation', () => {
      if (this.element.isConnected && this.drawnFor !== chat.conversation) this.shown();
    });
  }

  shown() {
    this.drawnFor = this.chat.conversation;
    replace(this.element, this.systemPrompt(), this.sampling(), this.json(), this.page());
  }

  systemPrompt() {
    const { conversation } = this.chat;
    const field = h('textarea', { rows: '4', 'aria-label': t('system'), value: conversation.system, oninput: () => this.setSystem(field.value) });
    const presets = h('div.chips');
    const put = text => {
      field.value = text;
      this.setSystem(text);
    };
    const draw = () =>
      replace(
        presets,
        this.chip(t('presetNone'), () => put('')),
        ownPresets.map(name => this.chip(t(name), () => put(t(`${name}Text`)))),
        this.settings.get('presets').map(preset =>
          this.chip(
            preset.name,
            () => put(preset.text),
            () => {
              this.settings.set(
                'presets',
                this.settings.get('presets').filter(other => other !== preset)
              );
              draw();
            }
          )
        ),
        this.saver(field, draw)
      );
    draw();
    return group(t('system'), t('systemHint'), field, presets);
  }

  chip(name, onclick, onDelete) {
    return h(
      'span.chip',
      {},
      h('button', { type: 'button', onclick }, name),
      onDelete ? h('button.quiet', { type: 'button', 'aria-label': t('presetDelete', { name }), onclick: onDelete }, icon('close')) : null
    );
  }

  /** A button that becomes a field for the name of a new preset. */
  saver(field, draw) {
    const box = h('span.chip.add');
    const name = h('input', { 'aria-label': t('presetName'), placeholder: t('presetName'), maxlength: '60' });
    const save = () => {
      if (name.value.trim()) this.settings.set('presets', [...this.settings.get('presets'), { name: name.value.trim(), text: field.value }]);
      draw();
    };
    name.addEventListener('keydown', event => {
      if (event.key === 'Enter') save();
      if (event.key === 'Escape') {
        event.stopPropagation();
        draw();
      }
    });
    return replace(
      box,
      h(
        'button',
        {
          type: 'button',
          onclick: () => {
            if (!field.value.trim()) return field.focus();
            replace(box, name);
            name.focus();
          },
        },
        icon('plus'),
        t('presetSave')
      )
    );
  }

  setSystem(text) {
    const { conversation } = this.chat;
    conversation.system = text;
    this.settings.set('system', text);
    this.chat.tell('system');
    clearTimeout(this.saving);
    if (Object.keys(conversation.messages).length) this.saving = setTimeout(() => this.chat.keep(conversation), 400);
  }

  sampling() {
    const set = (name, value) => {
      const sampler = { ...this.settings.get('sampler') };
      if (value === null) delete sampler[name];
      else sampler[name] = value;
      this.settings.set('sampler', sampler);
    };
    const rows = samplers.map(sampler =>
      slider(sampler, this.settings.get('sampler')[sampler.name], this.server.defaults[sampler.name], value => set(sampler.name, value))
    );
    return group(
      t('sampling'),
      t('samplingHint'),
      rows,
      h(
        'button',
        {
          type: 'button',
          onclick: () => {
            this.settings.set('sampler', {});
            this.shown();
          },
        },
        t('reset')
      ),
      toggle(t('probabilities'), t('probabilitiesHint'), this.settings.get('probabilities'), on => this.settings.set('probabilities', on))
    );
  }

  json() {
    const field = jsonField(
      t('jsonSchema'),
      this.settings.get('schemaText'),
      '{\n  "type": "object",\n  "properties": {\n    "answer": { "type": "string" }\n  }\n}',
      text => {
        JSON.parse(text);
        return t('jsonValid');
      },
      text => this.settings.set('schemaText', text)
    );
    field.hidden = !this.settings.get('schemaOn');
    return group(
      'JSON',
      null,
      toggle(t('jsonSchema'), t('jsonSchemaHint'), this.settings.get('schemaOn'), on => {
        this.settings.set('schemaOn', on);
        field.hidden = !on;
      }),
      field
    );
  }

  page() {
    const key = h('input', {
      id: 'api-key',
      type: 'password',
      autocomplete: 'off',
      value: this.settings.apiKey,
      onchange: () => {
        this.settings.apiKey = key.value.trim();
        this.actions.keyChanged();
      },
    });
    const removal = h(
      'button.danger',
      {
        type: 'button',
        onclick: () =>
          replace(
            sure,
            h('p', {}, t('deleteAllSure')),
            h(
              'div.row',
              {},
              h('button', { type: 'button', onclick: () => replace(sure, removal) }, t('cancel')),
              h(
                'button.danger',
                {
                  type: 'button',
                  onclick: () => {
                    replace(sure, removal);
                    this.actions.deleteAll();
                  },
                },
                t('deleteAll')
              )
            )
          ),
      },
      t('deleteAll')
    );
    const sure = h('div', {}, removal);
    return group(
      t('general'),
      null,
      choice(
        t('theme'),
        [
          ['system', t('themeSystem')],
          ['light', t('themeLight')],
          ['dark', t('themeDark')],
        ],
        this.settings.get('theme'),
        value => this.settings.set('theme', value)
      ),
      choice(
        t('language'),
        [
          ['', t('languageAuto')],
          ['en', 'English'],
          ['fr', 'Français'],
        ],
        this.settings.get('language'),
        value => {
          this.settings.set('language', value);
          this.actions.languageChanged();
        }
      ),
      h('div.choice', {}, h('label', { for: 'api-key' }, t('apiKey')), key),
      h('p.hint', {}, t('apiKeyHint')),
      h('p.hint', {}, t('dataHint')),
      sure
    );
  }
}
