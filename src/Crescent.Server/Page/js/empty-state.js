// Before the first word: the moon, a greeting, four ways to begin.
import { h, svg } from './dom.js';
import { t } from './i18n.js';
import { litPath } from './moon.js';

export function emptyState(onExample) {
  const hour = new Date().getHours();
  return h(
    'div.empty',
    {},
    bigMoon(),
    h('h1', {}, t(hour < 5 || hour >= 23 ? 'greetingNight' : 'greeting')),
    h('p', {}, t('tagline')),
    h(
      'ul.examples',
      {},
      [1, 2, 3, 4].map(i =>
        h(
          'li',
          {},
          h(
            'button.example',
            { type: 'button', onclick: () => onExample(t(`example${i}Text`)) },
            h('strong', {}, t(`example${i}`)),
            h('span', {}, t(`example${i}Text`))
          )
        )
      )
    )
  );
}

/** A crescent with the dark of the moon just visible, among a few stars. */
function bigMoon() {
  const stars = [
    [-58, -20, 1.2],
    [-44, 24, 0.8],
    [52, -30, 1],
    [64, 12, 1.3],
    [38, 34, 0.7],
    [-70, 6, 0.7],
  ];
  return svg(
    'svg',
    { class: 'big-moon', viewBox: '-80 -44 160 88', 'aria-hidden': 'true' },
    ...stars.map(([x, y, r]) => svg('circle', { class: 'star', cx: x, cy: y, r })),
    svg('circle', { class: 'moon-disc', r: '34' }),
    svg('g', { transform: 'rotate(-24)' }, svg('path', { class: 'moon-lit', d: litPath(0.17, 34) }))
  );
}
