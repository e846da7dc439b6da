// What the mock server plays: texts, thinking, calls and failures, chosen by a word of the user's last message.

export const showcase = `## Why so few weights?

A *mixture of experts* replaces one wide layer by many narrow ones, and a **router** picks a few of them for each token. With $E$ experts of which $k$ are chosen:

$$
y = \\sum_{i \\in \\operatorname{top}_k(g)} \\frac{e^{g_i}}{\\sum_{j \\in \\operatorname{top}_k(g)} e^{g_j}} \\, f_i(x), \\qquad g = W_r\\,x
$$

Only $k/E$ of the expert weights are read. For Kimi K2, $8/384 \\approx 2.1\\,\\%$.

| model | total | active | share |
|:------|------:|-------:|:-----:|
| Kimi K2 | 1,026 B | 32 B | 3.2 % |
| Moonlight | 16 B | 2.2 B | 14 % |
| gpt-oss-120b | 117 B | 5.1 B | 4.4 % |

### In code

\`\`\`csharp
/// <summary>Adds the outputs of the chosen experts, weighted by the router.</summary>
public static void Combine(ReadOnlySpan<Expert> experts, ReadOnlySpan<float> gates, Span<float> output)
{
    for (int i = 0; i < experts.Length; i++) // topK of them
    {
        experts[i].AddTo(output, gates[i] * 1.0f);
    }
}
\`\`\`

1. The router scores **all** experts: cheap.
2. The best $k$ are computed:
   - their weights are *read*, the others are not;
   - so the drive can hold what memory cannot.
3. The results are added.

> A crescent is enough to see by.

Matrices work too: $A = \\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}$ has the inverse

\\[
A^{-1} = \\frac{1}{ad - bc} \\begin{pmatrix} d & -b \\\\ -c & a \\end{pmatrix}, \\quad \\int_0^{\\infty} e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}, \\quad f(x) = \\begin{cases} 1 & x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}
\\]

More at [the paper](https://arxiv.org/abs/1701.06538), or type \`crescent plan kimi-k2\`.
`;

const thought =
  'The user asks about sparsity. I should say what the router does, give the softmax over the chosen experts, and name the share for a real model: 8 of 384.\n\nA table will help, and a few lines of code.';

export const french =
  'Voici un **week-end** à Montréal :\n\n| moment | samedi | dimanche |\n|---|---|---|\n| matin | marché Jean-Talon | mont Royal |\n| soir | jazz | soupe aux pois |\n\nBonne promenade !';

const weather = { id: 'functions.get_weather:1', name: 'get_weather', arguments: '{"city": "Montréal", "days": 2}' };
const sum = { id: 'functions.calculator:0', name: 'calculator', arguments: '{"expression": "(1 + sqrt(5)) / 2"}' };

/** The steps of an answer to a chat request: {reasoning?, text?, calls?, failure?, cutAfter?, prefill?, tokensPerSecond?}. */
export function scriptFor(body) {
  const last = body.messages.at(-1);
  const asked = body.messages.findLast(message => message.role === 'user')?.content ?? '';
  const wants = word => asked.toLowerCase().includes(word);
  if (last.role === 'assistant' && last.partial) return { text: ' middle, and goes on to its end.' };
  if (last.role === 'tool')
    return {
      reasoning: 'Now I have the results.',
      text: `The golden ratio is about **1.618**${asked.includes('weather') ? `, and the weather tool said: ${last.content}` : ''}.`,
    };
  if (wants('weather')) return { reasoning: 'Two things to look up.', text: 'Let me check both.', calls: [sum, weather] };
  if (wants('golden')) return { reasoning: 'The calculator knows.', calls: [sum] };
  if (wants('busy'))
    return {
      failure: {
        status: 429,
        headers: { 'Retry-After': '2' },
        error: { message: 'All 4 slots are taken.', type: 'rate_limit_error', code: 'rate_limit_exceeded' },
      },
    };
  if (wants('too long'))
    return {
      failure: {
        status: 400,
        error: { message: 'The prompt has 140,233 tokens; the context has 131,072.', type: 'invalid_request_error', code: 'context_length_exceeded' },
      },
    };
  if (wants('cut')) return { text: 'This answer will be cut in the middle of its words', cutAfter: 7 };
  if (wants('fails')) return { text: 'One moment. ', failureAfter: { message: 'A shard could not be read.', type: 'server_error', code: 500 } };
  if (wants('slow')) return { text: 'word '.repeat(400), tokensPerSecond: 20 };
  if (wants('prefill')) return { prefill: { total: 12288, cache: 2048, steps: 12, everyMs: 250 }, text: 'I have read it all.' };
  if (wants('hostile')) return { text: '<img src=x onerror="document.title=1"> <script>document.title=2</script> [x](javascript:document.title=3)\n\n`<b>`' };
  if (wants('fin de semaine') || wants('week-end')) return { text: french };
  if (wants('short')) return { text: 'A short answer.' };
  return { reasoning: thought, text: showcase, prefill: { total: 48, cache: 0, steps: 1, everyMs: 30 } };
}

/** A text in pieces as tokens come: words with their space, long words in two. */
export const pieces = text => text.match(/\s*\S{1,7}|\s+$/g) ?? [];
