using Crescent.Engine.Runtime.Sampling;
using Xunit;

namespace Crescent.Tests.Sampling;

public sealed class SamplerTests
{
    public static TheoryData<int, float, string> Cuts
    {
        get
        {
            var data = new TheoryData<int, float, string>();
            foreach (var (vocab, spread) in new[] { (1, 1f), (7, 1f), (64, 2f), (1003, 0.3f), (1003, 4f), (4096, 10f), (30_011, 3f) })
            {
                foreach (var cut in s_cuts.Keys)
                {
                    data.Add(vocab, spread, cut);
                }
            }

            return data;
        }
    }

    private static readonly Dictionary<string, SamplingOptions> s_cuts = new()
    {
        ["top-k 1"] = new() { TopK = 1 },
        ["top-k 40"] = new() { TopK = 40 },
        ["top-k 700"] = new() { TopK = 700 },
        ["top-p 0.9"] = new() { TopP = 0.9f },
        ["top-p 0.3"] = new() { TopP = 0.3f },
        ["top-p 0"] = new() { TopP = 0 },
        ["min-p 0.05"] = new() { MinP = 0.05f },
        ["min-p 1"] = new() { MinP = 1 },
        ["top-p, min-p"] = new() { TopP = 0.8f, MinP = 0.02f },
        ["min-p binds"] = new() { TopP = 0.99f, MinP = 0.3f },
        ["typical 0.5"] = new() { TypicalP = 0.5f },
        ["typical, top-p"] = new() { TypicalP = 0.9f, TopP = 0.7f },
        ["usual"] = new() { TopK = 40, TopP = 0.95f, MinP = 0.05f, Temperature = 0.8f },
        ["everything"] = new() { TopK = 100, TypicalP = 0.9f, TopP = 0.9f, MinP = 0.01f, Temperature = 1.3f },
    };

    [Theory]
    [MemberData(nameof(Cuts))]
    public void A_cut_keeps_what_the_reference_keeps(int vocab, float spread, string cut)
    {
        var options = s_cuts[cut] with { Seed = 1 };
        var sampler = new Sampler(options, vocab);
        for (var seed = 0; seed < 8; seed++)
        {
            var logits = Logits(vocab, spread, seed);
            if (seed % 2 == 1)
            {
                // Ties: few distinct values.
                logits = [.. logits.Select(logit => MathF.Round(logit))];
            }

            if (seed % 2 == 1 && options.TypicalP < 1)
            {
                continue; // equal distances: any choice among them is right
            }

            var id = sampler.Sample((float[])logits.Clone(), []);
            var expected = ReferenceChain.Apply(logits, options).Select(token => token.Id).ToArray();
            if (options.TopK < vocab || s_cuts[cut].TopP < 1 || options.MinP > 0 || options.TypicalP < 1)
            {
                Assert.Equal(expected.Order(), sampler.Kept(logits).Order());
            }

            Assert.Contains(id, expected);
        }
    }

    [Fact]
    public void A_full_vocabulary_is_cut_as_the_reference_cuts_it()
    {
        const int Vocab = 163_840;
        foreach (var cut in s_cuts.Values)
        {
            foreach (var spread in new[] { 0.5f, 3f })
            {
                var logits = Logits(Vocab, spread, 3);
                var sampler = new Sampler(cut with { Seed = 1 }, Vocab);
                sampler.Sample((float[])logits.Clone(), []);
                Assert.Equal(ReferenceChain.Apply(logits, cut).Select(token => token.Id).Order(), sampler.Kept(logits).Order());
            }
        }
    }

    // What a top-p cut costs is its passes over the vocabulary: a flat distribution must not take more of them than a peaked one by much.
    [Theory]
    [InlineData(0.01f)]
    [InlineData(0.5f)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(20)]
    public void A_top_p_cut_takes_a_few_passes_however_flat_the_distribution(float spread)
    {
        const int Vocab = 163_840;
        foreach (var p in new[] { 0.3f, 0.9f, 0.95f, 0.999f })
        {
            var sampler = new Sampler(new() { TopP = p, Seed = 1 }, Vocab);
            for (var seed = 0; seed < 3; seed++)
            {
                sampler.Sample(Logits(Vocab, spread, seed), []);
                Assert.InRange(sampler.TopPPasses, 1, 4);
            }
        }
    }

    [Fact]
    public void Top_p_cuts_ties_by_id()
    {
        const int Vocab = 1003;
        foreach (var ties in new[] { Vocab, 500 })
        {
            var logits = new float[Vocab];
            logits.AsSpan(ties).Fill(-1e9f);
            var sampler = new Sampler(new() { TopP = 0.5f, Seed = 1 }, Vocab);
            Assert.InRange(sampler.Sample([.. logits], []), 0, (ties + 1) / 2);
            Assert.Equal(Enumerable.Range(0, (ties + 1) / 2), sampler.Kept(logits));
        }
    }

    public static TheoryData<string> Distributions => [.. s_distributions.Keys];

    private static readonly Dictionary<string, SamplingOptions> s_distributions = new()
    {
        ["plain"] = new(),
        ["hot"] = new() { Temperature = 2 },
        ["cold"] = new() { Temperature = 0.5f },
        ["usual"] = new() { Temperature = 0.8f, TopK = 40, TopP = 0.95f, MinP = 0.05f },
        ["typical"] = new() { Temperature = 1.5f, TypicalP = 0.8f },
        ["xtc"] = new() { XtcProbability = 1, XtcThreshold = 0.02f },
        ["xtc after min-p"] = new() { XtcProbability = 1, XtcThreshold = 0.05f, MinP = 0.1f },
    };

    [Theory]
    [MemberData(nameof(Distributions))]
    public void Samples_follow_the_distribution(string name)
    {
        const int Vocab = 150;
        const int Samples = 100_000;
        var options = s_distributions[name];
        var logits = Logits(Vocab, 1.5f, 11);
        var expected = ReferenceChain.Apply(logits, options, xtc: options.XtcProbability > 0);
        var sampler = new Sampler(options with { Seed = 7 }, Vocab);
        var counts = new int[Vocab];
        for (var i = 0; i < Samples; i++)
        {
            counts[sampler.Sample(logits, [])]++;
        }

        Assert.Equal(Samples, expected.Sum(token => counts[token.Id]));
        // Cells of fewer than 5 expected samples are joined; the bound is mean + 5 standard deviations of chi squared.
        var cells = expected.Where(token => token.Probability * Samples >= 5).ToList();
        var chiSquared = cells.Sum(token => Math.Pow(counts[token.Id] - (token.Probability * Samples), 2) / (token.Probability * Samples));
        var degrees = Math.Max(1, cells.Count - 1);
        Assert.InRange(chiSquared, 0, degrees + (5 * Math.Sqrt(2 * degrees)));
    }

    [Fact]
    public void Xtc_happens_as_often_as_it_is_asked_to()
    {
        float[] logits = [3, 3, 0, -20];
        var sampler = new Sampler(new() { XtcProbability = 0.25f, XtcThreshold = 0.3f, Seed = 5 }, 4);
        var dropped = 0;
        for (var i = 0; i < 10_000; i++)
        {
            sampler.Sample(logits, []);
            dropped += sampler.Kept(logits).Length == 3 ? 1 : 0;
            Assert.Contains(1, sampler.Kept(logits)); // of two equal choices the higher id is the worse one, and stays
        }

        Assert.InRange(dropped, 2300, 2700);
    }

    [Fact]
    public void The_same_seed_gives_the_same_ids()
    {
        foreach (var options in s_cuts.Values.Append(new SamplingOptions()))
        {
            Assert.Equal(Run(options with { Seed = 42 }), Run(options with { Seed = 42 }));
        }

        Assert.NotEqual(Run(new() { Seed = 42 }), Run(new() { Seed = 43 }));
        var drawn = new Sampler(new(), 10);
        Assert.NotEqual(drawn.Seed, new Sampler(new(), 10).Seed);

        static int[] Run(SamplingOptions options)
        {
            var sampler = new Sampler(options, 1003);
            return [.. Enumerable.Range(0, 50).Select(i => sampler.Sample(Logits(1003, 2, i), []))];
        }
    }

    // Numbers of the published xoshiro256** and splitmix64 code, computed by an independent implementation.
    [Fact]
    public void The_random_numbers_are_those_of_the_published_generator()
    {
        var random = new Xoshiro256(0);
        Assert.Equal(0x99EC5F36CB75F2B4UL, random.Next());
        Assert.Equal(0xBF6E1F784956452AUL, random.Next());
    }

    [Fact]
    public void Greedy_takes_the_lowest_id_of_a_tie()
    {
        foreach (var vocab in new[] { 1, 5, 63, 64, 65, 1003 })
        {
            var logits = Logits(vocab, 1, 1);
            var best = vocab / 2;
            logits[best] = 50;
            logits[vocab - 1] = 50;
            Assert.Equal(best, new Sampler(new() { Temperature = 0 }, vocab).Sample(logits, []));
        }
    }

    [Fact]
    public void A_tiny_temperature_is_greedy()
    {
        var logits = Logits(1003, 1, 1);
        var greedy = new Sampler(new() { Temperature = 0 }, 1003).Sample(logits, []);
        foreach (var temperature in new[] { 1e-3f, 1e-10f, 1e-30f, float.Epsilon })
        {
            Assert.Equal(greedy, new Sampler(new() { Temperature = temperature, Seed = 1 }, 1003).Sample(logits, []));
            Assert.Equal(greedy, new Sampler(new() { Temperature = temperature, Seed = 1, TopP = 0.9f }, 1003).Sample(logits, []));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Logits_that_are_not_finite_are_refused(float bad)
    {
        foreach (var at in new[] { 0, 63, 500, 1000, 1002 })
        {
            foreach (var temperature in new[] { 0f, 1f })
            {
                var logits = Logits(1003, 1, 1);
                logits[at] = bad;
                var error = Assert.Throws<ArithmeticException>(() => new Sampler(new() { Temperature = temperature }, 1003).Sample(logits, []));
                Assert.Contains($"token {at}", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_banned_token_never_comes_and_banning_all_is_refused()
    {
        var ban = new Dictionary<int, float> { [2] = float.NegativeInfinity };
        foreach (var options in new SamplingOptions[] { new(), new() { TopK = 3 }, new() { TopP = 0.99f }, new() { MinP = 0.001f }, new() { Temperature = 0 }, new() { TypicalP = 0.9f } })
        {
            var sampler = new Sampler(options with { LogitBias = ban, Seed = 3 }, 4);
            for (var i = 0; i < 200; i++)
            {
                Assert.NotEqual(2, sampler.Sample([1, 1, 9, 1], []));
            }
        }

        var none = new Sampler(new() { LogitBias = Enumerable.Range(0, 4).ToDictionary(id => id, _ => float.NegativeInfinity) }, 4);
        Assert.Throws<ArithmeticException>(() => none.Sample([1, 2, 3, 4], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(new() { LogitBias = new Dictionary<int, float> { [4] = 1 } }, 4));
    }

    [Fact]
    public void Sampling_allocates_nothing()
    {
        const int Vocab = 20_000;
        var options = new SamplingOptions
        {
            TopP = 0.9f,
            TypicalP = 0.95f,
            MinP = 0.01f,
            XtcProbability = 0.5f,
            RepetitionPenalty = 1.1f,
            DryMultiplier = 0.8f,
            DrySequenceBreakers = [3],
            LogitBias = new Dictionary<int, float> { [5] = 1 },
            Seed = 1,
        };
        foreach (var chosen in s_cuts.Values.Append(options).Append(new()))
        {
            var sampler = new Sampler(chosen, Vocab);
            var logits = Logits(Vocab, 2, 1);
            var history = Enumerable.Range(0, 500).Select(i => i % 37).ToArray();
            sampler.Sample(logits, history);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 5; i++)
            {
                sampler.Sample(logits, history);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_softmax()
    {
        foreach (var vocab in new[] { 5, 64, 1003 })
        {
            var logits = Logits(vocab, 3, 2);
            var expected = ReferenceChain.Apply(logits, new());
            var top = new TokenLogProbability[5];
            var logSum = new LogProbabilities(vocab).Top(logits, top);
            for (var i = 0; i < top.Length; i++)
            {
                Assert.Equal(expected[i].Id, top[i].Id);
                Assert.Equal(Math.Log(expected[i].Probability), top[i].LogProbability, 1e-5);
                Assert.Equal(logits[top[i].Id] - logSum, top[i].LogProbability, 1e-5);
            }
        }
    }

    internal static float[] Logits(int vocab, float spread, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, vocab).Select(_ => (float)(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }
}
