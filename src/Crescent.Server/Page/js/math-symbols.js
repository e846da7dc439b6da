// TeX names and the characters they stand for, by the role they play in a formula.

const table = text =>
  new Map(
    text
      .trim()
      .split(/\s+/)
      .map(pair => {
        const at = pair.indexOf(':');
        return [pair.slice(0, at), pair.slice(at + 1)];
      })
  );

/** Identifiers: set in italics when they are one small letter. */
export const letters = table(`
  alpha:α beta:β gamma:γ delta:δ epsilon:ϵ varepsilon:ε zeta:ζ eta:η theta:θ vartheta:ϑ iota:ι kappa:κ varkappa:ϰ lambda:λ mu:μ nu:ν xi:ξ
  omicron:ο pi:π varpi:ϖ rho:ρ varrho:ϱ sigma:σ varsigma:ς tau:τ upsilon:υ phi:ϕ varphi:φ chi:χ psi:ψ omega:ω
  ell:ℓ hbar:ℏ imath:ı jmath:ȷ wp:℘ partial:∂`);

/** Upright identifiers. */
export const upright = table(`
  Gamma:Γ Delta:Δ Theta:Θ Lambda:Λ Xi:Ξ Pi:Π Sigma:Σ Upsilon:Υ Phi:Φ Psi:Ψ Omega:Ω infty:∞ nabla:∇ aleph:ℵ beth:ℶ emptyset:∅ varnothing:∅
  Re:ℜ Im:ℑ top:⊤ bot:⊥ angle:∠ triangle:△ square:□ Box:□ blacksquare:■ diamond:⋄ clubsuit:♣ diamondsuit:♢ heartsuit:♡ spadesuit:♠
  degree:° prime:′ checkmark:✓ dagger:† ldots:… dots:… dotsc:… dotsb:⋯ cdots:⋯ vdots:⋮ ddots:⋱ sharp:♯ flat:♭ natural:♮ S:§ P:¶`);

/** Relations and binary operators. */
export const operators = table(`
  times:× div:÷ pm:± mp:∓ cdot:⋅ ast:∗ star:⋆ circ:∘ bullet:∙ oplus:⊕ ominus:⊖ otimes:⊗ oslash:⊘ odot:⊙ cap:∩ cup:∪ uplus:⊎ sqcap:⊓ sqcup:⊔
  vee:∨ lor:∨ wedge:∧ land:∧ lnot:¬ neg:¬ setminus:∖ smallsetminus:∖ wr:≀ amalg:⨿ ltimes:⋉ rtimes:⋊ bowtie:⋈
  leq:≤ le:≤ geq:≥ ge:≥ neq:≠ ne:≠ ll:≪ gg:≫ equiv:≡ sim:∼ simeq:≃ approx:≈ cong:≅ propto:∝ asymp:≍ doteq:≐ coloneqq:≔ triangleq:≜ leqslant:⩽ geqslant:⩾
  lesssim:≲ gtrsim:≳ prec:≺ succ:≻ preceq:⪯ succeq:⪰ subset:⊂ supset:⊃ subseteq:⊆ supseteq:⊇ subsetneq:⊊ supsetneq:⊋ nsubseteq:⊈ in:∈ notin:∉ ni:∋
  forall:∀ exists:∃ nexists:∄ mid:∣ nmid:∤ parallel:∥ perp:⟂ vdash:⊢ dashv:⊣ models:⊨ vDash:⊨ therefore:∴ because:∵
  to:→ rightarrow:→ leftarrow:← gets:← leftrightarrow:↔ Rightarrow:⇒ Leftarrow:⇐ Leftrightarrow:⇔ implies:⟹ impliedby:⟸ iff:⟺ mapsto:↦ longmapsto:⟼
  longrightarrow:⟶ longleftarrow:⟵ Longrightarrow:⟹ Longleftarrow:⟸ longleftrightarrow:⟷ Longleftrightarrow:⟺ hookrightarrow:↪ hookleftarrow:↩
  uparrow:↑ downarrow:↓ updownarrow:↕ Uparrow:⇑ Downarrow:⇓ nearrow:↗ searrow:↘ swarrow:↙ nwarrow:↖ rightharpoonup:⇀ rightleftharpoons:⇌ leadsto:⇝
  colon:: %:% #:# $:$ _:_ &:&`);

/** Large operators: the value says whether limits stand above and below in display style. */
export const largeOperators = new Map([
  ...[
    'sum:∑',
    'prod:∏',
    'coprod:∐',
    'bigcup:⋃',
    'bigcap:⋂',
    'bigvee:⋁',
    'bigwedge:⋀',
    'bigoplus:⨁',
    'bigotimes:⨂',
    'bigodot:⨀',
    'bigsqcup:⨆',
    'biguplus:⨄',
  ].map(pair => [pair.split(':')[0], { text: pair.split(':')[1], limits: true }]),
  ...['int:∫', 'iint:∬', 'iiint:∭', 'oint:∮', 'oiint:∯'].map(pair => [pair.split(':')[0], { text: pair.split(':')[1], limits: false }]),
]);

/** Functions set upright; true where limits go below. */
export const functions = new Map([
  ...'sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth log ln lg exp arg deg dim hom ker'.split(' ').map(name => [name, false]),
  ...'lim max min sup inf det gcd Pr limsup liminf argmax argmin'.split(' ').map(name => [name, true]),
]);

export const delimiters = table(`
  langle:⟨ rangle:⟩ lfloor:⌊ rfloor:⌋ lceil:⌈ rceil:⌉ lvert:| rvert:| vert:| lVert:‖ rVert:‖ Vert:‖ |:‖ {:{ }:} lbrace:{ rbrace:} lbrack:[ rbrack:]
  backslash:∖ lgroup:⟮ rgroup:⟯ llbracket:⟦ rrbracket:⟧ uparrow:↑ downarrow:↓`);

export const accents = table(`
  hat:^ widehat:^ bar:¯ overline:¯ vec:→ overrightarrow:→ overleftarrow:← tilde:~ widetilde:~ dot:˙ ddot:¨ check:ˇ breve:˘ acute:´ grave:\` mathring:˚ overbrace:⏞`);

/** Accents that grow with what they cover. */
export const stretchyAccents = new Set(['widehat', 'overline', 'overrightarrow', 'overleftarrow', 'widetilde', 'overbrace', 'underbrace', 'underline']);

/** Spaces in em. */
export const spaces = new Map([
  [',', 0.167],
  [':', 0.222],
  ['>', 0.222],
  [';', 0.278],
  ['!', -0.167],
  [' ', 0.25],
  ['~', 0.25],
  ['enspace', 0.5],
  ['quad', 1],
  ['qquad', 2],
  ['thinspace', 0.167],
]);

// First code points of the mathematical alphabets (Unicode block 1D400): capitals, small letters, digits.
const alphabets = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce],
  blackboard: [0x1d538, 0x1d552, 0x1d7d8],
  script: [0x1d49c, 0x1d4b6],
  fraktur: [0x1d504, 0x1d51e],
  sans: [0x1d5a0, 0x1d5ba, 0x1d7e2],
  typewriter: [0x1d670, 0x1d68a, 0x1d7f6],
  'bold-italic': [0x1d468, 0x1d482],
};

// Letters that Unicode had before the block, which leaves holes there.
const holes = {
  blackboard: { C: 'ℂ', H: 'ℍ', N: 'ℕ', P: 'ℙ', Q: 'ℚ', R: 'ℝ', Z: 'ℤ' },
  script: { B: 'ℬ', E: 'ℰ', F: 'ℱ', H: 'ℋ', I: 'ℐ', L: 'ℒ', M: 'ℳ', R: 'ℛ', e: 'ℯ', g: 'ℊ', o: 'ℴ' },
  fraktur: { C: 'ℭ', H: 'ℌ', I: 'ℑ', R: 'ℜ', Z: 'ℨ' },
};

/** The character in a mathematical alphabet; itself where the alphabet has none. */
export function inAlphabet(character, alphabet) {
  const hole = holes[alphabet]?.[character];
  if (hole) return hole;
  const [capital, small, digit] = alphabets[alphabet] ?? [];
  if (capital && /^[A-Z]$/.test(character)) return String.fromCodePoint(capital + character.charCodeAt(0) - 65);
  if (small && /^[a-z]$/.test(character)) return String.fromCodePoint(small + character.charCodeAt(0) - 97);
  if (digit && /^[0-9]$/.test(character)) return String.fromCodePoint(digit + character.charCodeAt(0) - 48);
  if (alphabet.startsWith('bold') && /^[α-ω]$/.test(character))
    return String.fromCodePoint((alphabet === 'bold' ? 0x1d6c2 : 0x1d736) + character.charCodeAt(0) - 0x3b1);
  return character;
}
