// Figures under an answer, and the moon that waxes while the prompt is read.
import { h, replace } from './dom.js';
import { duration, number, t } from './i18n.js';
import { moon } from './moon.js';

/** The figures of a finished answer; several answers of one turn are summed. */
export function statsLine(messages) {
  const all = messages.map(message => message.stats).filter(Boolean);
  const tokens = all.reduce((sum, stats) => sum + (stats.tokens ?? 0), 0);
  const end = messages.at(-1).finish;
  if (tokens === 0) return end === 'stopped' ? h('span.stats', {}, t('stopped')) : null;
  const last = all.at(-1);
  const parts = [
    last.rate ? t('tokensPerSecond', { rate: number(last.rate, 1) }) : null,
    t('tokens', { count: number(tokens) }),
    all[0].firstTokenMs === undefined ? null : t('firstToken', { time: duration(all[0].firstTokenMs) }),
    end === 'stopped' ? t('stopped') : end === 'length' ? t('length') : null,
  ];
  const title = t('statsTitle', {
    tokens: number(tokens),
    time: duration(all.reduce((sum, stats) => sum + stats.ms, 0)),
    prompt: number(last.prompt ?? 0),
    cached: number(last.cached ?? 0),
  });
  return h('span.stats', { title }, parts.filter(Boolean).join(' · '));
}

/** The state of an answer that is coming: waiting, reading the prompt, or writing at so many tokens a second. */
export class LiveLine {
  constructor() {
    this.moon = moon(0, 'live-moon');
    this.text = h('span');
    this.more = h('span.live-more');
    this.bar = h('progress', { max: '1', value: 0, 'aria-label': t('waiting') });
    this.element = h('div.live', {}, this.moon, h('div.live-words', {}, h('div', {}, this.text, this.more), this.bar));
  }

  update(answer) {
    const progress = answer?.progress;
    this.element.dataset.state = progress ? 'reading' : answer?.firstToken == null ? 'waiting' : 'writing';
    this.bar.hidden = !progress;
    if (progress) this.reading(progress);
    else if (answer?.firstToken == null) {
      replace(this.text, t('waiting'));
      replace(this.more);
      this.moon.set(0.08);
    } else this.writing(answer);
  }

  reading({ total, cache = 0, processed, time_ms: ms = 0 }) {
    const done = total > 0 ? processed / total : 0;
    const read = Math.max(0, processed - cache);
    const rate = ms > 0 ? (read / ms) * 1000 : 0;
    this.moon.set(done);
    this.bar.value = done;
    replace(this.text, t('reading', { done: number(processed), total: number(total) }));
    const left = rate > 0 && processed < total ? ((total - processed) / rate) * 1000 : 0;
    const parts = [
      rate > 0 ? t('tokensPerSecond', { rate: number(rate, rate < 100 ? 1 : 0) }) : null,
      cache > 0 ? t('readingCached', { count: number(cache) }) : null,
      left > 1500 ? t('readingLeft', { time: duration(left, 0) }) : null,
    ];
    replace(this.more, parts.filter(Boolean).join(' · '));
  }

  writing(answer) {
    const rate = answer.rate;
    this.moon.set(0.28);
    replace(this.text, rate === null ? t('tokens', { count: number(answer.tokenCount) }) : t('tokensPerSecond', { rate: number(rate, 1) }));
    replace(
      this.more,
      rate === null
        ? ''
        : [t('tokens', { count: number(answer.tokenCount) }), t('firstToken', { time: duration(answer.firstToken - answer.started) })].join(' · ')
    );
  }
}
