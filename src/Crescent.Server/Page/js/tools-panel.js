// Tools: those built in, and the user's own definitions.
import { h, replace } from './dom.js';
import { t } from './i18n.js';
import { group, jsonField, toggle } from './controls.js';
import { builtIn, parseTools } from './tools.js';

const example = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Tells the weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string', description: 'For example: Montréal' } }, required: ['city'] },
    },
  },
];

export class ToolsPanel {
  constructor(settings) {
    this.settings = settings;
    this.element = h('div');
  }

  shown() {
    const set = (name, on) => this.settings.set('builtInTools', { ...this.settings.get('builtInTools'), [name]: on });
    const field = jsonField(
      t('ownTools'),
      this.settings.get('toolsText'),
      '[{ "type": "function", "function": { "name": … } }]',
      text =>
        t('toolsValid', {
          names: parseTools(text)
            .map(tool => tool.function.name)
            .join(', '),
        }),
      text => this.settings.set('toolsText', text)
    );
    replace(
      this.element,
      group(
        t('builtInTools'),
        t('builtInToolsHint'),
        Object.keys(builtIn).map(name =>
          toggle(t(`tool_${name}`), t(`tool_${name}Hint`), Boolean(this.settings.get('builtInTools')[name]), on => set(name, on))
        )
      ),
      group(
        t('ownTools'),
        t('ownToolsHint'),
        field,
        h('button', { type: 'button', onclick: () => field.put(JSON.stringify(example, null, 2)) }, t('toolsExample'))
      )
    );
  }
}
