import assert from 'node:assert/strict';
import { test } from 'node:test';
import { math } from '../../src/Crescent.Server/Page/js/math.js';
import { markup, textOf } from '../../src/Crescent.Server/Page/js/node.js';

const mathml = tex => markup(math(tex)).replace(/^<math data-source="[^]*?"><mrow>|<\/mrow><\/math>$/g, '');

const cases = [
  ['fractions', '\\frac{a}{b+1}', '<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>'],
  ['arguments of one digit', '\\frac12', '<mfrac><mn>1</mn><mn>2</mn></mfrac>'],
  ['roots', '\\sqrt x+\\sqrt[3]{y}', '<msqrt><mi>x</mi></msqrt><mo>+</mo><mroot><mi>y</mi><mn>3</mn></mroot>'],
  ['scripts in either order', 'x^2_i', '<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>'],
  ['primes', "f''", '<msup><mi>f</mi><mo>′′</mo></msup>'],
  ['Greek', '\\alpha\\Omega', '<mi>α</mi><mi mathvariant="normal">Ω</mi>'],
  ['sums with limits', '\\sum_{i}^n', '<munderover><mo largeop="true" movablelimits="true">∑</mo><mi>i</mi><mi>n</mi></munderover>'],
  ['integrals with bounds beside', '\\int_0^1', '<msubsup><mo largeop="true">∫</mo><mn>0</mn><mn>1</mn></msubsup>'],
  [
    'limits',
    '\\lim_{x\\to 0}',
    '<munder><mo movablelimits="true" lspace="0.1em" rspace="0.17em" stretchy="false">lim</mo><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder>',
  ],
  ['text', '\\text{if }x', '<mtext>if\u00a0</mtext><mi>x</mi>'],
  ['alphabets, with the holes of Unicode filled', '\\mathbb{RA}', '<mrow><mi mathvariant="normal">ℝ</mi><mi mathvariant="normal">𝔸</mi></mrow>'],
  ['unknown commands as typed', '\\foo x', '<mtext class="math-unknown">\\foo</mtext><mi>x</mi>'],
  ['a star after a letter is an operator', '\\alpha*', '<mi>α</mi><mo>∗</mo>'],
  [
    'stretching brackets',
    '\\left(x\\right]',
    '<mrow><mo fence="true" stretchy="true" form="prefix">(</mo><mi>x</mi><mo fence="true" stretchy="true" form="postfix">]</mo></mrow>',
  ],
  ['a sign after an operator', 'a=-b-c', '<mi>a</mi><mo>=</mo><mo form="prefix">−</mo><mi>b</mi><mo>−</mo><mi>c</mi>'],
  ['accents', '\\hat x', '<mover accent="true"><mi>x</mi><mo stretchy="false" lspace="0" rspace="0">^</mo></mover>'],
];
for (const [name, tex, expected] of cases) test(`Formulas: ${name}`, () => assert.equal(mathml(tex), expected));

test('Matrices have their rows and cells', () => {
  const table = mathml('\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}');
  assert.equal(table.match(/<mtr>/g).length, 2);
  assert.equal(table.match(/<mtd>/g).length, 4);
  assert.match(table, /form="prefix">\[<.*form="postfix">\]</);
});

test('Aligned lines and cases align left and right of the mark', () => {
  assert.match(mathml('\\begin{aligned}a&=b\\\\&=c\\end{aligned}'), /math-right"><mi>a<.*math-left"><mo>=/);
  assert.match(mathml('f=\\begin{cases}1&x>0\\\\0&\\text{else}\\end{cases}'), /prefix">{<.*math-left/);
});

test('Every prefix of a formula renders', () => {
  const tex =
    "\\left[\\frac{\\partial f'}{\\partial x_1}\\right]_{0}^{\\infty} = \\begin{pmatrix} a & \\mathbf{b} \\\\[2pt] \\sqrt[n]{c} & \\text{d e} \\end{pmatrix} \\overset{!}{=} \\operatorname*{argmax}_\\theta \\hat{y}";
  for (let length = 0; length <= tex.length; length++) math(tex.slice(0, length));
  assert.doesNotMatch(mathml(tex), /math-unknown/);
});

test('Commands that models write are known', () => {
  const tex =
    '\\mathcal{L}(\\theta)=-\\frac{1}{N}\\sum_{i=1}^{N}\\log p_\\theta(y_i\\mid x_i)+\\lambda\\lVert\\theta\\rVert_2^2 \\implies \\nabla \\cdot \\vec{E} = \\dfrac{\\rho}{\\varepsilon_0}, \\quad \\forall x \\in \\mathbb{R}^{n \\times m}\\setminus\\{0\\} \\binom{n}{k} \\bigl( a \\bigr) \\pmod{7} \\underbrace{x+y}_{2} \\boxed{42} \\oint \\iint \\leqslant \\tag{1} \\not= \\xrightarrow{f} \\ldots \\cdots';
  assert.doesNotMatch(mathml(tex), /math-unknown/);
});

test('A hostile depth ends as text', () => {
  const deep = '{'.repeat(5000) + 'x';
  assert.match(textOf(math(deep)), /x$/);
});
