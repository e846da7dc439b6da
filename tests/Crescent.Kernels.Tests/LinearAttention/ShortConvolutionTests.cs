using Crescent.Kernels.LinearAttention;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.LinearAttention;

/// <summary>The short convolution against its formula in double precision.</summary>
public class ShortConvolutionTests
{
    private const double Bound = 1e-6; // of max(1, |sum|): a float32 sum of a few products within ±1, then a float32 SiLU
    private const int Offset = 16;

    // Taps, channels.
    public static TheoryData<int, int> Shapes => new() { { 4, 8 }, { 4, 136 }, { 2, 24 }, { 3, 128 }, { 7, 264 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_filter_is_its_formula_from_the_first_token_on(int taps, int channels)
    {
        const int Tokens = 11;
        var (input, weights) = (RecurrentCase.Values(Tokens * channels, 1), RecurrentCase.Values(taps * channels, 2));
        using var values = RecurrentCase.Buffer(input);
        using var state = State(taps, channels);
        using var pool = new ComputePool(2);
        ShortConvolution.Run(pool, [new RecurrentSpan(0, Tokens, state)], Offset, weights, channels, values);
        for (var token = 0; token < Tokens; token++)
        {
            for (var c = 0; c < channels; c++)
            {
                var sum = 0.0;
                for (var j = 0; j < taps; j++)
                {
                    var from = token - taps + 1 + j;
                    sum += from < 0 ? 0 : (double)weights[(j * channels) + c] * input[(from * channels) + c];
                }

                Assert.Equal(sum / (1 + Math.Exp(-sum)), values[(token * channels) + c], Bound * Math.Max(1, Math.Abs(sum)));
            }
        }

        for (var i = 0; i < (taps - 1) * channels; i++)
        {
            Assert.Equal(input[((Tokens - taps + 1) * channels) + i], state[Offset + i]); // the last inputs, oldest first
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Chunks_and_threads_do_not_change_a_bit(int taps, int channels)
    {
        const int Tokens = 23;
        var expected = Run(Tokens, 1);
        Assert.Equal(expected, Run(1, 1));
        Assert.Equal(expected, Run(2, 3));
        Assert.Equal(expected, Run(5, 2));

        float[] Run(int chunk, int threads)
        {
            using var values = RecurrentCase.Buffer(RecurrentCase.Values(Tokens * channels, 3));
            using var state = State(taps, channels);
            var weights = RecurrentCase.Values(taps * channels, 4);
            RecurrentCase.InChunks(Tokens, chunk, state, threads, (pool, span) => ShortConvolution.Run(pool, [span], Offset, weights, channels, values));
            return [.. RecurrentCase.Array(values), .. RecurrentCase.Array(state)];
        }
    }

    [Fact]
    public void Spans_of_a_batch_keep_to_their_own_state()
    {
        const int Channels = 40;
        var weights = RecurrentCase.Values(4 * Channels, 5);
        var input = RecurrentCase.Values(9 * Channels, 6);
        using var pool = new ComputePool(2);
        using var together = RecurrentCase.Buffer(input);
        using var first = State(4, Channels);
        using var second = State(4, Channels);
        ShortConvolution.Run(pool, [new RecurrentSpan(0, 4, first), new RecurrentSpan(4, 5, second)], Offset, weights, Channels, together);

        using var alone = RecurrentCase.Buffer(input.AsSpan(4 * Channels));
        using var state = State(4, Channels);
        ShortConvolution.Run(pool, [new RecurrentSpan(0, 5, state)], Offset, weights, Channels, alone);
        Assert.Equal(RecurrentCase.Array(alone), RecurrentCase.Array(together)[(4 * Channels)..]);
        Assert.Equal(RecurrentCase.Array(state), RecurrentCase.Array(second));
    }

    [Fact]
    public void A_state_saved_on_the_way_is_the_one_of_that_token()
    {
        const int Channels = 136;
        var weights = RecurrentCase.Values(4 * Channels, 7);
        var input = RecurrentCase.Values(9 * Channels, 8);
        using var pool = new ComputePool(2);
        foreach (var after in (int[])[1, 2, 6, 9])
        {
            using var values = RecurrentCase.Buffer(input);
            using var state = State(4, Channels);
            using var saved = new AlignedBuffer<float>(state.Length);
            ShortConvolution.Run(pool, [new RecurrentSpan(0, 9, state, saved, after)], Offset, weights, Channels, values);

            using var shorter = RecurrentCase.Buffer(input);
            using var expected = State(4, Channels);
            ShortConvolution.Run(pool, [new RecurrentSpan(0, after, expected)], Offset, weights, Channels, shorter);
            Assert.Equal(RecurrentCase.Array(expected), RecurrentCase.Array(saved));
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var pool = new ComputePool(1);
        using var values = new AlignedBuffer<float>(32);
        using var state = new AlignedBuffer<float>(Offset + 24);
        Refused("8 channels and 8 weights", [new RecurrentSpan(0, 1, state)], new float[8], 8);
        Refused("12 channels", [new RecurrentSpan(0, 1, state)], new float[48], 12);
        Refused("40 floats for 5 rows", [new RecurrentSpan(1, 4, state)], new float[32], 8);
        Refused("at least 48 floats", [new RecurrentSpan(0, 1, state)], new float[40], 8);
        Refused("at least one token", [new RecurrentSpan(0, 0, state)], new float[32], 8);

        void Refused(string words, RecurrentSpan[] spans, float[] weights, int channels)
        {
            var exception = Assert.Throws<ArgumentException>(() => ShortConvolution.Run(pool, spans, Offset, weights, channels, values));
            Assert.Contains(words, exception.Message, StringComparison.Ordinal);
        }
    }

    private static AlignedBuffer<float> State(int taps, int channels) => new(Offset + ShortConvolution.StateFloats(taps, channels));
}
