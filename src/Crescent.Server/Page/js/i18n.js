// Words of the page in the user's language. A word that a language lacks is an error the tests find.
import { en } from './words-en.js';
import { fr } from './words-fr.js';

export const dictionaries = { en, fr };
let language = 'en';

/** Chooses a language: one given, else the browser's first that the page speaks. */
export function setLanguage(chosen, preferred = globalThis.navigator?.languages ?? []) {
  language = dictionaries[chosen] ? chosen : (preferred.map(tag => tag.slice(0, 2)).find(tag => dictionaries[tag]) ?? 'en');
  return language;
}

export const currentLanguage = () => language;

/** The words for a key, with {names} filled in. */
export function t(key, values = {}) {
  return (dictionaries[language][key] ?? dictionaries.en[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits && value < 100 ? Math.min(1, digits) : 0 }).format(value);

/** 12 000 → 12k, for gauges. */
export const short = value => (value >= 10000 ? `${number(value / 1024, 0)}k` : value >= 1024 && value % 1024 === 0 ? `${value / 1024}k` : number(value));

export function bytes(value) {
  const units = language === 'fr' ? ['o', 'ko', 'Mo', 'Go', 'To'] : ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${number(value, value < 100 && unit > 0 ? 1 : 0)}\u00a0${units[unit]}`;
}

export function duration(ms, digits = 1) {
  if (ms < 1000) return `${number(Math.max(0, ms))}\u00a0ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${number(seconds, digits)}\u00a0s`;
  return `${Math.floor(seconds / 60)}\u00a0min ${String(Math.round(seconds % 60)).padStart(2, '0')}\u00a0s`;
}

export const date = time => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(time);
