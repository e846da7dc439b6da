// Brackets grow only with a font that has a MATH table. Where the system has none, matrices get borders as brackets.
import { fromTree, h } from './dom.js';
import { math } from './math.js';

/** Marks the document when a bracket around a tall fraction stays small. */
export function markMathFont() {
  const probe = h('div.off-screen', { 'aria-hidden': 'true' }, fromTree(math('\\left(\\dfrac{\\dfrac{1}{2}}{\\dfrac{3}{4}}\\right)', true)));
  document.body.append(probe);
  const bracket = probe.querySelector('mo').getBoundingClientRect().height;
  const fraction = probe.querySelector('mfrac').getBoundingClientRect().height;
  probe.remove();
  document.documentElement.classList.toggle('no-math-font', bracket < fraction * 0.8);
}
