// The moon: the page's motif and its gauge. A fraction of the disc is lit, from new (0) to full (1).
import { svg } from './dom.js';

/** The outline of the lit part of a disc of radius r around 0,0: the right limb, then the terminator, half an ellipse. */
export function litPath(fraction, r) {
  const lit = fraction < 0.005 ? 0 : Math.min(1, fraction);
  const across = (r * Math.abs(1 - 2 * lit)).toFixed(3);
  return `M0 ${-r}A${r} ${r} 0 0 1 0 ${r}A${across} ${r} 0 0 ${lit < 0.5 ? 0 : 1} 0 ${-r}Z`;
}

/** A moon of the given phase; `set(fraction)` changes it. */
export function moon(fraction, className = '') {
  const lit = svg('path', { class: 'moon-lit', d: litPath(fraction, 10) });
  const element = svg(
    'svg',
    { class: `moon ${className}`, viewBox: '-12 -12 24 24', 'aria-hidden': 'true' },
    svg('circle', { class: 'moon-disc', r: '10' }),
    svg('g', { transform: 'rotate(-24)' }, lit)
  );
  element.set = value => lit.setAttribute('d', litPath(value, 10));
  return element;
}
