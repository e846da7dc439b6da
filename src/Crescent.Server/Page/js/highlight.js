// Colours for code: comments, strings, numbers, keywords, names that are called. One scanner, a small table per language.
import { node } from './node.js';

const words = text => new Set(text.trim().split(/\s+/));
const cLike = { line: '//', block: ['/*', '*/'], quotes: '"\'' };
const languages = {
  csharp: {
    ...cLike,
    keywords: words(`
      abstract as async await base bool break byte case catch char checked class const continue decimal default delegate do double else enum event
      explicit extern false file finally fixed float for foreach get global goto if implicit in init int interface internal is lock long namespace new
      nint null object operator out override params partial private protected public readonly record ref required return sbyte sealed set short sizeof
      stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe ushort using value var virtual void volatile when
      where while with yield
    `),
  },
  c: {
    ...cLike,
    line: '//',
    keywords: words(`
      alignas alignof auto bool break case catch char class concept const constexpr continue decltype default delete do double else enum explicit
      export extern false final float for friend goto if inline int int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t long
      mutable namespace new noexcept nullptr NULL operator override private protected public register requires return short signed sizeof static
      struct switch template this throw true try typedef typename union unsigned using virtual void volatile while #include #define #ifdef #ifndef
      #endif #if #else #pragma
    `),
  },
  javascript: {
    ...cLike,
    quotes: '"\'`',
    keywords: words(`
      abstract any as async await boolean break case catch class const continue debugger declare default delete do else enum export extends false
      finally for from function get if implements import in infer instanceof interface keyof let never new null number of private protected public
      readonly return set static string super switch this throw true try type typeof undefined unknown var void while with yield
    `),
  },
  java: {
    ...cLike,
    keywords: words(`
      abstract assert boolean break byte case catch char class const continue data def default do double else enum extends false final finally float
      for fun if implements import in instanceof int interface is it internal let long native new null object open override package private protected
      public record return sealed short static super switch synchronized this throw throws true try val var void volatile when where while func guard
      self nil struct protocol
    `),
  },
  go: {
    ...cLike,
    quotes: '"\'`',
    keywords: words(`
      any bool break byte case chan const continue default defer else error fallthrough false float32 float64 for func go goto if import int int32
      int64 interface map nil package range return rune select string struct switch true type uint8 uint32 uint64 var
    `),
  },
  rust: {
    ...cLike,
    quotes: '"',
    keywords: words(`
      as async await bool break const continue crate dyn else enum extern f32 f64 false fn for i8 i16 i32 i64 if impl in isize let loop match mod move
      mut pub ref return self Self static str String struct super trait true type u8 u16 u32 u64 unsafe usize use where while Some None Ok Err Vec
      Option Result
    `),
  },
  python: {
    line: '#',
    quotes: '"\'',
    triple: true,
    keywords: words(`
      and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda match None
      nonlocal not or pass raise return self True try while with yield
    `),
  },
  ruby: {
    line: '#',
    quotes: '"\'',
    keywords: words(`
      alias and begin break case class def do else elsif end ensure false for if in module next nil not or redo require rescue retry return self super
      then true undef unless until when while yield local function repeat
    `),
  },
  shell: {
    line: '#',
    quotes: '"\'',
    keywords: words('case cd do done echo elif else esac exit export fi for function if in local return set shift sudo then until while'),
  },
  sql: {
    line: '--',
    block: ['/*', '*/'],
    quotes: '\'"',
    anyCase: true,
    keywords: words(`
      add all alter and as asc between by case check column constraint create cross default delete desc distinct drop else end exists foreign from
      full group having if in index inner insert into is join key left like limit not null offset on or order outer over partition primary references
      right select set table then union unique update using values view when where with
    `),
  },
  json: { quotes: '"', keywords: words('true false null') },
  yaml: { line: '#', quotes: '"\'', keywords: words('true false null yes no') },
  css: { block: ['/*', '*/'], quotes: '"\'', keywords: words('@media @import @supports @keyframes !important') },
};
const aliases = {
  cs: 'csharp',
  'c#': 'csharp',
  cpp: 'c',
  'c++': 'c',
  h: 'c',
  cuda: 'c',
  js: 'javascript',
  ts: 'javascript',
  jsx: 'javascript',
  tsx: 'javascript',
  typescript: 'javascript',
  mjs: 'javascript',
  kotlin: 'java',
  swift: 'java',
  scala: 'java',
  golang: 'go',
  rs: 'rust',
  py: 'python',
  python3: 'python',
  rb: 'ruby',
  lua: 'ruby',
  sh: 'shell',
  bash: 'shell',
  zsh: 'shell',
  console: 'shell',
  jsonc: 'json',
  yml: 'yaml',
  toml: 'yaml',
  ini: 'yaml',
  scss: 'css',
  postgresql: 'sql',
  mysql: 'sql',
};
const longest = 100000;

/** Code as strings and coloured spans; the text is always the code itself. */
export function highlight(code, name) {
  const key = name.toLowerCase();
  if (code.length > longest) return [code];
  if (key === 'diff' || key === 'patch') return lines(code);
  if (['html', 'xml', 'svg', 'xaml'].includes(key)) return scan(code, tags);
  const language = languages[aliases[key] ?? key];
  return language ? scan(code, at => readToken(code, at, language)) : [code];
}

/** Walks a text: `read` gives {kind, end} for what starts at a position. */
function scan(code, read) {
  const out = [];
  const add = (kind, text) => {
    if (kind) out.push(node('span', { class: `code-${kind}` }, text));
    else if (typeof out.at(-1) === 'string') out[out.length - 1] += text;
    else out.push(text);
  };
  for (let at = 0; at < code.length;) {
    const { kind, end } = read(at, code);
    add(kind, code.slice(at, end));
    at = end;
  }
  return out;
}

const upTo = (code, mark, from) => {
  const found = code.indexOf(mark, from);
  return found < 0 ? code.length : found;
};

function readToken(code, at, language) {
  const c = code[at];
  if (language.line && code.startsWith(language.line, at) && (language.line !== '#' || at === 0 || /\s/.test(code[at - 1])))
    return { kind: 'comment', end: upTo(code, '\n', at) };
  if (language.block && code.startsWith(language.block[0], at))
    return { kind: 'comment', end: Math.min(code.length, upTo(code, language.block[1], at + 2) + 2) };
  if (language.triple && /^("""|''')/.test(code.slice(at, at + 3)))
    return { kind: 'string', end: Math.min(code.length, upTo(code, code.slice(at, at + 3), at + 3) + 3) };
  if (language.quotes.includes(c)) return readString(code, at, c);
  const rest = code.slice(at, at + 120);
  const number = /^(?:0[xXbB][\da-fA-F_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)[a-zA-Z]{0,3}/.exec(rest);
  if (number) return { kind: 'number', end: at + number[0].length };
  const word = /^[#@!]?[\p{L}_$][\p{L}\p{N}_$-]*/u.exec(rest);
  if (!word) return { kind: '', end: at + 1 };
  const name = /^[#@!]/.test(word[0]) ? word[0] : word[0].replace(/-.*$/, '');
  const isKeyword = language.keywords.has(language.anyCase ? name.toLowerCase() : name);
  return { kind: isKeyword ? 'keyword' : code[at + name.length] === '(' ? 'call' : /^[A-Z]\w*[a-z]/.test(name) ? 'type' : '', end: at + name.length };
}

function readString(code, at, quote) {
  let end = at + 1;
  while (end < code.length && code[end] !== quote && (quote === '`' || code[end] !== '\n')) end += code[end] === '\\' ? 2 : 1;
  const after = Math.min(code.length, end + 1);
  return { kind: /^\s*:/.test(code.slice(after, after + 4)) && quote === '"' ? 'key' : 'string', end: code[end] === '\n' ? end : after };
}

function tags(at, code) {
  if (code.startsWith('<!--', at)) return { kind: 'comment', end: Math.min(code.length, upTo(code, '-->', at) + 3) };
  const open = /^<\/?[\w:-]+|^\/?>/.exec(code.slice(at, at + 60));
  if (open) return { kind: 'keyword', end: at + open[0].length };
  const attribute = /^[\w:-]+(?==)|^"[^"<>]*"/.exec(code.slice(at, at + 2000));
  if (attribute) return { kind: attribute[0].startsWith('"') ? 'string' : 'key', end: at + attribute[0].length };
  return { kind: '', end: at + (/^[\w\s]+/.exec(code.slice(at, at + 2000))?.[0].match(/^[\w:-]+|^\s+/)[0].length ?? 1) };
}

const lines = code =>
  code
    .split(/(?<=\n)/)
    .map(line =>
      /^[+-]/.test(line)
        ? node('span', { class: line[0] === '+' ? 'code-added' : 'code-removed' }, line)
        : /^@@/.test(line)
          ? node('span', { class: 'code-comment' }, line)
          : line
    );
