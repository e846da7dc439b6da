using Crescent.Kernels.Elementwise;
using Crescent.Kernels.LinearAttention;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.LinearAttention;

/// <summary>The gated delta rule against its formula in double precision.</summary>
public class DeltaRuleTests
{
    private const double Bound = 5e-6; // keys of length 1, values within ±1: some hundred float32 sums a token, errors decay with the state
    private const int Offset = 8;

    // Heads, width.
    public static TheoryData<int, int> Shapes => new() { { 1, 32 }, { 3, 64 }, { 2, 128 }, { 5, 96 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_state_and_the_outputs_are_those_of_the_formula(int heads, int width)
    {
        using var inputs = new Inputs(heads, width, tokens: 40);
        using var state = inputs.State(seed: 9);
        var expectedState = RecurrentCase.Array(state).Select(value => (double)value).ToArray();
        var expected = inputs.Expected(expectedState);
        using var pool = new ComputePool(2);
        var actual = inputs.Run(pool, [new RecurrentSpan(0, 40, state)]);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], Bound);
        }

        for (var i = 0; i < expectedState.Length; i++)
        {
            Assert.Equal(expectedState[i], state[i], Bound);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Chunks_and_threads_do_not_change_a_bit(int heads, int width)
    {
        var expected = Run(30, 1);
        Assert.Equal(expected, Run(1, 1));
        Assert.Equal(expected, Run(7, 3));
        Assert.Equal(expected, Run(30, 5));

        float[] Run(int chunk, int threads)
        {
            using var inputs = new Inputs(heads, width, tokens: 30);
            using var state = inputs.State(seed: 3);
            var output = Array.Empty<float>();
            RecurrentCase.InChunks(30, chunk, state, threads, (pool, span) => output = inputs.Run(pool, [span]));
            return [.. output, .. RecurrentCase.Array(state)];
        }
    }

    [Fact]
    public void Spans_of_a_batch_keep_to_their_own_state()
    {
        using var inputs = new Inputs(2, 64, tokens: 12);
        using var pool = new ComputePool(3, 3);
        using var first = inputs.State(1);
        using var second = inputs.State(2);
        using var third = inputs.State(3);
        var together = inputs.Run(pool, [new RecurrentSpan(0, 5, first), new RecurrentSpan(5, 1, second), new RecurrentSpan(6, 6, third)]);
        var states = (float[][])[RecurrentCase.Array(first), RecurrentCase.Array(second), RecurrentCase.Array(third)];
        foreach (var (seed, row, count) in ((int, int, int)[])[(1, 0, 5), (2, 5, 1), (3, 6, 6)])
        {
            using var state = inputs.State(seed);
            var alone = inputs.Run(pool, [new RecurrentSpan(row, count, state)]);
            Assert.Equal(alone[(row * 128)..((row + count) * 128)], together[(row * 128)..((row + count) * 128)]);
            Assert.Equal(RecurrentCase.Array(state), states[seed - 1]);
        }
    }

    [Fact]
    public void A_state_saved_on_the_way_is_the_one_of_that_token()
    {
        using var inputs = new Inputs(3, 64, tokens: 9);
        using var pool = new ComputePool(2);
        foreach (var after in (int[])[1, 4, 9])
        {
            using var state = inputs.State(4);
            using var saved = inputs.State(5);
            inputs.Run(pool, [new RecurrentSpan(0, 9, state, saved, after)]);
            using var expected = inputs.State(4);
            inputs.Run(pool, [new RecurrentSpan(0, after, expected)]);
            Assert.Equal(RecurrentCase.Array(expected)[Offset..], RecurrentCase.Array(saved)[Offset..]);
        }
    }

    [Fact]
    public void A_full_correction_makes_the_state_answer_its_key()
    {
        // With β = 1 and a key of length 1 the state's answer to that key is the value, whatever it held before.
        const int Width = 64;
        using var inputs = new Inputs(1, Width, tokens: 6, beta: 1, queryIsKey: true);
        using var state = inputs.State(6);
        using var pool = new ComputePool(1);
        var output = inputs.Run(pool, [new RecurrentSpan(0, 6, state)]);
        for (var i = 0; i < output.Length; i++)
        {
            Assert.Equal(inputs.Value(i / Width, 0, i % Width), output[i], Bound);
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var pool = new ComputePool(1);
        using var small = new AlignedBuffer<float>(100);
        using var large = new AlignedBuffer<float>(5000);
        Refused("found 2 of 16", 2, 16, large, large);
        Refused("found 0 of 32", 0, 32, large, large);
        Refused("at least 2056 floats, found 100", 2, 32, small, large);
        Refused("192 floats for 1 rows, found 100", 2, 32, large, small);

        void Refused(string words, int heads, int width, AlignedBuffer<float> state, AlignedBuffer<float> rows)
        {
            var exception = Assert.Throws<ArgumentException>(
                () => DeltaRule.Run(pool, [new RecurrentSpan(0, 1, state)], Offset, heads, width, rows, rows, rows, rows));
            Assert.Contains(words, exception.Message, StringComparison.Ordinal);
        }
    }

    private sealed class Inputs : IDisposable
    {
        private readonly int _heads;
        private readonly int _width;
        private readonly int _tokens;
        private readonly AlignedBuffer<float> _mixed; // [tokens, 3, heads, width]
        private readonly AlignedBuffer<float> _decay; // [tokens, heads, width]
        private readonly AlignedBuffer<float> _beta; // [tokens, heads]
        private AlignedBuffer<float>? _output; // [tokens, heads, width]

        public Inputs(int heads, int width, int tokens, float? beta = null, bool queryIsKey = false)
        {
            (_heads, _width, _tokens) = (heads, width, tokens);
            _mixed = RecurrentCase.Buffer(RecurrentCase.Values(tokens * 3 * heads * width, 1));
            _decay = RecurrentCase.Buffer(RecurrentCase.Values(tokens * heads * width, 2, 0, 1));
            _beta = RecurrentCase.Buffer(beta is { } one ? Enumerable.Repeat(one, tokens * heads).ToArray() : RecurrentCase.Values(tokens * heads, 3, 0, 1));
            for (var token = 0; token < tokens; token++)
            {
                for (var head = 0; head < heads; head++)
                {
                    L2Norm.Apply(Row(token, 0, head), 1e-6f);
                    L2Norm.Apply(Row(token, 1, head), 1e-6f);
                    if (queryIsKey)
                    {
                        Row(token, 1, head).CopyTo(Row(token, 0, head));
                    }
                }
            }
        }

        public AlignedBuffer<float> State(int seed) => RecurrentCase.Buffer(RecurrentCase.Values(Offset + (int)DeltaRule.StateFloats(_heads, _width), seed));

        public float Value(int token, int head, int index) => Row(token, 2, head)[index];

        public float[] Run(ComputePool pool, RecurrentSpan[] spans)
        {
            _output ??= new AlignedBuffer<float>((long)_tokens * _heads * _width);
            DeltaRule.Run(pool, spans, Offset, _heads, _width, _mixed, _decay, _beta, _output);
            return RecurrentCase.Array(_output);
        }

        /// <summary>The outputs in double precision; the state is carried on in place.</summary>
        public double[] Expected(double[] state)
        {
            var outputs = new double[_tokens * _heads * _width];
            for (var token = 0; token < _tokens; token++)
            {
                for (var head = 0; head < _heads; head++)
                {
                    Carry(state.AsSpan(Offset + (head * _width * _width)), token, head, outputs.AsSpan(((token * _heads) + head) * _width, _width));
                }
            }

            return outputs;
        }

        public void Dispose()
        {
            _mixed.Dispose();
            _decay.Dispose();
            _beta.Dispose();
            _output?.Dispose();
        }

        private void Carry(Span<double> state, int token, int head, Span<double> output)
        {
            var query = Row(token, 0, head);
            var key = Row(token, 1, head);
            var value = Row(token, 2, head);
            var item = (token * _heads) + head;
            for (var v = 0; v < _width; v++)
            {
                var answer = 0.0;
                for (var k = 0; k < _width; k++)
                {
                    state[(k * _width) + v] *= _decay[(item * _width) + k];
                    answer += state[(k * _width) + v] * key[k];
                }

                for (var k = 0; k < _width; k++)
                {
                    state[(k * _width) + v] += key[k] * (double)_beta[item] * (value[v] - answer);
                    output[v] += state[(k * _width) + v] * query[k];
                }
            }
        }

        private Span<float> Row(int token, int part, int head) => _mixed.Span((((((long)token * 3) + part) * _heads) + head) * _width, _width);
    }
}
