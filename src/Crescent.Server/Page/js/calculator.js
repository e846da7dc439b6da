// Arithmetic for the built-in calculator: numbers, + - * / % ^, brackets, functions and constants. No evaluation of code.

const constants = { pi: Math.PI, e: Math.E, tau: 2 * Math.PI };
const functions = Object.assign(Object.create(null), {
  sqrt: Math.sqrt,
  cbrt: Math.cbrt,
  abs: Math.abs,
  exp: Math.exp,
  ln: Math.log,
  log: Math.log10,
  log10: Math.log10,
  log2: Math.log2,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  floor: Math.floor,
  ceil: Math.ceil,
  round: Math.round,
  min: Math.min,
  max: Math.max,
});

/** The value of an expression. Throws SyntaxError with the place. */
export function calculate(expression) {
  const text = String(expression).replaceAll('**', '^').replaceAll('×', '*').replaceAll('÷', '/').replaceAll('−', '-');
  if (text.length > 1000) throw new SyntaxError('The expression is longer than 1000 characters.');
  const reader = { text, at: 0, depth: 0 };
  const value = sum(reader);
  if (peek(reader) !== '') fail(reader, 'an operator');
  return value;
}

function fail(reader, expected) {
  throw new SyntaxError(`Expected ${expected} at character ${reader.at + 1} of "${reader.text}".`);
}

function peek(reader) {
  while (/\s/.test(reader.text[reader.at] ?? '')) reader.at++;
  return reader.text[reader.at] ?? '';
}

function sum(reader) {
  if (++reader.depth > 100) fail(reader, 'fewer brackets');
  let value = product(reader);
  while ('+-'.includes(peek(reader)) && peek(reader)) value = reader.text[reader.at++] === '+' ? value + product(reader) : value - product(reader);
  reader.depth--;
  return value;
}

function product(reader) {
  let value = signed(reader);
  while ('*/%'.includes(peek(reader)) && peek(reader)) {
    const operator = reader.text[reader.at++];
    const right = signed(reader);
    value = operator === '*' ? value * right : operator === '/' ? value / right : value % right;
  }
  return value;
}

function signed(reader) {
  let sign = 1;
  while ('+-'.includes(peek(reader)) && peek(reader)) if (reader.text[reader.at++] === '-') sign = -sign;
  return sign * power(reader);
}

function power(reader) {
  const base = operand(reader);
  if (peek(reader) !== '^') return base;
  reader.at++;
  return base ** signed(reader);
}

function operand(reader) {
  const c = peek(reader);
  if (c === '(') {
    reader.at++;
    const value = sum(reader);
    close(reader);
    return value;
  }
  const rest = reader.text.slice(reader.at);
  const number = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/.exec(rest);
  if (number) {
    reader.at += number[0].length;
    return Number(number[0]);
  }
  const name = /^[A-Za-z]\w*/.exec(rest)?.[0];
  if (!name) fail(reader, 'a number');
  reader.at += name.length;
  if (peek(reader) !== '(') return Object.hasOwn(constants, name.toLowerCase()) ? constants[name.toLowerCase()] : fail(reader, `a known name, not "${name}",`);
  const apply = functions[name.toLowerCase()] ?? fail(reader, `a known function, not "${name}",`);
  reader.at++;
  const values = [sum(reader)];
  while (peek(reader) === ',') {
    reader.at++;
    values.push(sum(reader));
  }
  close(reader);
  return apply(...values);
}

function close(reader) {
  if (peek(reader) !== ')') fail(reader, '")"');
  reader.at++;
}
