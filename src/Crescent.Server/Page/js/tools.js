// Tools that the model may call: built in (run in this page), or defined by the user (answered by hand).
import { calculate } from './calculator.js';

const definition = (name, description, properties, required) => ({
  type: 'function',
  function: { name, description, parameters: { type: 'object', properties, required, additionalProperties: false } },
});

/** Built-in tools: {definition, run(arguments) → text}. */
export const builtIn = {
  calculator: {
    definition: definition(
      'calculator',
      'Computes an arithmetic expression exactly as a pocket calculator would. Supports + - * / % ^, brackets, sqrt, exp, ln, log10, sin, cos, tan, min, max, pi and e.',
      { expression: { type: 'string', description: 'For example: (1 + sqrt(5)) / 2' } },
      ['expression']
    ),
    run: ({ expression }) => String(calculate(expression)),
  },
  current_date: {
    definition: definition('current_date', 'Tells the current date, time, weekday and time zone of the user.', {}, []),
    run: () => {
      const now = new Date();
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      return JSON.stringify({
        date: now.toLocaleDateString('en-CA'),
        time: now.toLocaleTimeString('en-GB'),
        weekday: now.toLocaleDateString('en', { weekday: 'long' }),
        time_zone: zone,
      });
    },
  },
};

/** The tools of a request: those switched on, then the user's own. */
export function activeTools(settings) {
  const own = settings.toolsText?.trim() ? parseTools(settings.toolsText) : [];
  const names = new Set(own.map(tool => tool.function.name));
  return [
    ...Object.entries(builtIn)
      .filter(([name]) => settings.builtInTools?.[name] && !names.has(name))
      .map(([, tool]) => tool.definition),
    ...own,
  ];
}

/** Tool definitions from JSON: a list, or one; bare function objects are wrapped. Throws with what is wrong. */
export function parseTools(text) {
  const value = JSON.parse(text);
  const tools = (Array.isArray(value) ? value : Array.isArray(value?.tools) ? value.tools : [value]).map(tool =>
    tool?.function ? { type: 'function', ...tool } : { type: 'function', function: tool }
  );
  const names = new Set();
  tools.forEach((tool, i) => {
    const name = tool.function?.name;
    if (typeof name !== 'string' || !/^[\w$.-]{1,128}$/.test(name)) throw new TypeError(`Tool ${i + 1}: "name" must be letters, digits, "_" or "-".`);
    if (names.has(name)) throw new TypeError(`Tool "${name}" is defined twice.`);
    if (tool.function.parameters !== undefined && (typeof tool.function.parameters !== 'object' || Array.isArray(tool.function.parameters)))
      throw new TypeError(`Tool "${name}": "parameters" must be a JSON schema.`);
    names.add(name);
  });
  return tools;
}

/** Runs a call of a built-in tool: {content, failed, ms}; null where the user has to answer. */
export async function runTool(call, settings) {
  const tool = settings.builtInTools?.[call.name] && Object.hasOwn(builtIn, call.name) ? builtIn[call.name] : null;
  if (!tool || !activeTools(settings).includes(tool.definition)) return null;
  const started = performance.now();
  try {
    return { content: await tool.run(call.arguments.trim() ? JSON.parse(call.arguments) : {}), failed: false, ms: performance.now() - started };
  } catch (error) {
    return { content: `Error: ${error.message}`, failed: true, ms: performance.now() - started };
  }
}
