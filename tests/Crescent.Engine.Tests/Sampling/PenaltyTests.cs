using Crescent.Engine.Runtime.Sampling;
using Xunit;

namespace Crescent.Tests.Sampling;

/// <summary>Penalties computed by hand.</summary>
public sealed class PenaltyTests
{
    [Fact]
    public void Repetition_divides_positive_and_multiplies_negative_logits_once() =>
        Assert.Equal([2f, -4f, 0f, 3f], Apply(new() { RepetitionPenalty = 2 }, [4, -2, 0, 3], [0, 1, 1, 2, 0]));

    [Fact]
    public void Presence_counts_once_and_frequency_every_time() =>
        Assert.Equal([1f - 0.5f - 0.75f, 1f - 0.5f - 0.25f, 1f], Apply(new() { PresencePenalty = 0.5f, FrequencyPenalty = 0.25f }, [1, 1, 1], [0, 1, 0, 0]));

    [Fact]
    public void The_window_ends_the_penalties_reach()
    {
        Assert.Equal([1f, 1f, 0f], Apply(new() { PresencePenalty = 1, PenaltyLastN = 2 }, [1, 1, 1], [0, 1, 2, 2]));
        Assert.Equal([0f, 0f, 0f], Apply(new() { PresencePenalty = 1, PenaltyLastN = -1 }, [1, 1, 1], [0, 1, 2, 2]));
        Assert.Equal([1f, 1f, 1f], Apply(new() { PresencePenalty = 1, PenaltyLastN = 0 }, [1, 1, 1], [0, 1, 2, 2]));
    }

    [Fact]
    public void Bias_comes_before_the_penalties() =>
        Assert.Equal([3f, 1f], Apply(new() { LogitBias = new Dictionary<int, float> { [0] = 5 }, RepetitionPenalty = 2 }, [1, 1], [0]));

    // 5 6 7 [8] … 5 6 7: three tokens repeat, so 8 loses 0.5 · 2^(3−2) = 1; the token 9 after the single 7 … 7 loses nothing.
    [Fact]
    public void Dry_charges_the_token_that_would_extend_a_repetition()
    {
        var logits = Apply(new() { DryMultiplier = 0.5f, DryBase = 2, DryAllowedLength = 2 }, new float[10], [5, 6, 7, 8, 1, 7, 9, 5, 6, 7]);
        Assert.Equal([0f, 0, 0, 0, 0, 0, 0, 0, -1, 0], logits);
    }

    [Fact]
    public void Dry_takes_the_longest_repetition_that_a_token_would_extend()
    {
        // "6 7" is followed by 8 twice: once after 2 equal tokens, once after 4.
        var logits = Apply(new() { DryMultiplier = 1, DryBase = 3, DryAllowedLength = 2 }, new float[10], [4, 5, 6, 7, 8, 0, 6, 7, 8, 1, 4, 5, 6, 7]);
        Assert.Equal(-9, logits[8]);
    }

    [Fact]
    public void Dry_counts_overlapping_repetitions()
    {
        // 1 1 1 1 1: the longest earlier match of the end has four tokens.
        Assert.Equal(-8, Apply(new() { DryMultiplier = 2, DryBase = 2, DryAllowedLength = 2 }, new float[3], [1, 1, 1, 1, 1])[1]);
    }

    [Fact]
    public void Dry_stops_at_a_sequence_breaker()
    {
        var options = new SamplingOptions { DryMultiplier = 1, DryBase = 2, DryAllowedLength = 2, DrySequenceBreakers = [5] };
        Assert.Equal(-1, Apply(options, new float[10], [4, 5, 6, 7, 8, 0, 4, 5, 6, 7])[8]);
        Assert.Equal(0, Apply(options with { DrySequenceBreakers = [6] }, new float[10], [4, 5, 6, 7, 8, 0, 4, 5, 6, 7])[8]);
    }

    [Fact]
    public void Dry_agrees_with_a_search_by_hand()
    {
        var random = new Random(4);
        for (var round = 0; round < 300; round++)
        {
            var history = Enumerable.Range(0, random.Next(0, 60)).Select(_ => random.Next(3)).ToArray();
            var options = new SamplingOptions { DryMultiplier = 1, DryBase = 1.5f, DryAllowedLength = random.Next(1, 4), DryPenaltyLastN = random.Next(2) == 0 ? -1 : 30 };
            var window = options.DryPenaltyLastN < 0 ? history : history.TakeLast(30).ToArray();
            var expected = new float[3];
            for (var end = 0; end < window.Length - 1; end++)
            {
                var match = 0;
                while (match <= end && window[end - match] == window[^(match + 1)])
                {
                    match++;
                }

                if (match >= options.DryAllowedLength)
                {
                    expected[window[end + 1]] = Math.Min(expected[window[end + 1]], -(float)Math.Pow(1.5, match - options.DryAllowedLength));
                }
            }

            var found = Apply(options, new float[3], history);
            for (var id = 0; id < 3; id++)
            {
                Assert.Equal(expected[id], found[id], Math.Abs(expected[id]) * 1e-5);
            }
        }
    }

    [Fact]
    public void A_history_from_another_vocabulary_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Apply(new() { PresencePenalty = 1 }, [1, 1], [0, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Apply(new() { DryMultiplier = 1, DryAllowedLength = 1 }, [1, 1], [2, 2, 2]));
    }

    [Theory]
    [InlineData(nameof(SamplingOptions.Temperature), -0.1f)]
    [InlineData(nameof(SamplingOptions.Temperature), float.NaN)]
    [InlineData(nameof(SamplingOptions.TopP), 1.5f)]
    [InlineData(nameof(SamplingOptions.MinP), -1f)]
    [InlineData(nameof(SamplingOptions.RepetitionPenalty), 0f)]
    [InlineData(nameof(SamplingOptions.PresencePenalty), float.PositiveInfinity)]
    public void An_option_out_of_range_is_refused_by_name(string option, float value)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => (option switch
        {
            nameof(SamplingOptions.Temperature) => new SamplingOverrides { Temperature = value },
            nameof(SamplingOptions.TopP) => new SamplingOverrides { TopP = value },
            nameof(SamplingOptions.MinP) => new SamplingOverrides { MinP = value },
            nameof(SamplingOptions.RepetitionPenalty) => new SamplingOverrides { RepetitionPenalty = value },
            _ => new SamplingOverrides { PresencePenalty = value },
        }).Over(new()));
        Assert.Equal(option, error.ParamName);
        Assert.Contains("expected", error.Message, StringComparison.Ordinal);
    }

    private static float[] Apply(SamplingOptions options, float[] logits, int[] history)
    {
        new LogitPenalties(options, logits.Length).Apply(logits, history);
        return logits;
    }
}
