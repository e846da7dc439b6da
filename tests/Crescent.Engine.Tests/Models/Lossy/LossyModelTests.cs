using Crescent.Engine.Models;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Experts;
using Xunit;

namespace Crescent.Tests.Models.Lossy;

/// <summary>Models that are run with helps that change values: what these change, and what they leave.</summary>
public sealed class LossyModelTests
{
    private const float Rounding = 2e-4f; // of logits in float32, whose sums are scaled in another order

    private static readonly LossyOptions s_prefers = new() { PreferResident = 4 };

    public static TheoryData<string> Few => TestModels.Rows(Streamed.Few);

    public static TheoryData<string> All => TestModels.Rows(Streamed.Models);

    [Theory]
    [MemberData(nameof(All))]
    public void A_share_that_drops_nothing_changes_no_bit(string name)
    {
        var tokens = TestModels.TokensOf(name);
        using var exact = LoadedModel.Open(name);
        using var model = LoadedModel.Open(name, Skipping(1e-12f));
        Logits.AssertSameBits(exact.Score(tokens, 64), model.Score(tokens, 64));
        Logits.AssertSameBits(exact.Decode(tokens.AsSpan(0, 16)), model.Decode(tokens.AsSpan(0, 16)));
    }

    // The file's own number of experts a token is set to one: the whole router then works for the first alone.
    [Theory]
    [InlineData("g-qwen3moe", "qwen3moe", Rounding)] // gates normalised
    [InlineData("tiny-gpt-oss-20b", "gpt-oss", Rounding)] // softmax of those chosen
    [InlineData("g-deepseek-v2-lite", "deepseek2", 0)] // gates left as they are
    public void A_share_of_one_computes_the_first_expert_alone(string name, string architecture, float bound)
    {
        var tokens = TestModels.TokensOf(name);
        var options = Skipping(1) with { Activations = ActivationType.F32 };
        using var expected = LoadedModel.OpenFile(TestModels.PathOf(name), options with { Lossy = null }, $"{architecture}.expert_used_count=int:1");
        using var exact = LoadedModel.Open(name, options with { Lossy = null });
        using var model = LoadedModel.Open(name, options);
        var found = model.Score(tokens, 64);
        Logits.AssertWithin(bound, expected.Score(tokens, 64), found);
        Assert.NotEqual(exact.Score(tokens, 64), found);

        var before = model.Model.ExpertCounts;
        model.Decode(tokens);
        var (experts, layers) = model.Model.ExpertCounts;
        Assert.Equal(layers - before.Layers, experts - before.Experts); // one a token and layer
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Skipping_gives_the_same_bits_from_memory_and_drive_in_any_cut(string name)
    {
        var tokens = TestModels.TokensOf(name);
        using var resident = LoadedModel.Open(name, Skipping(0.6f));
        var (prompt, answer) = (resident.Score(tokens, 64), resident.Decode(tokens.AsSpan(0, 16)));
        foreach (var (slots, chunk, threads) in (ReadOnlySpan<(int, int, int)>)[(1, 64, 2), (2, 1, 1), (3, 7, 3), (1 << 20, 33, 2)])
        {
            using var model = LoadedModel.Open(name, (Skipping(0.6f) with { Threads = threads }).With(Streamed.Slots(slots)));
            Logits.AssertSameBits(prompt, model.Score(tokens, chunk), $"{slots} slots, chunk {chunk}, {threads} threads,");
            Logits.AssertSameBits(answer, model.Decode(tokens.AsSpan(0, 16)), $"{slots} slots, {threads} threads, answer,");
        }
    }

    [Theory]
    [MemberData(nameof(Few))]
    public void What_is_skipped_is_not_read(string name)
    {
        var tokens = TestModels.TokensOf(name);
        using var exact = Streamed.Open(name, Streamed.Slots(2) with { ReadsAhead = false });
        using var model = LoadedModel.Open(name, Skipping(1).With(Streamed.Slots(2) with { ReadsAhead = false }));
        exact.Decode(tokens);
        model.Decode(tokens);
        Assert.InRange(model.Store().Counts.BytesRead, 1, exact.Store().Counts.BytesRead - 1);
        Assert.InRange(model.Store().Counts.Used, 1, exact.Store().Counts.Used - 1);
    }

    [Theory]
    [MemberData(nameof(Few))]
    public void Preferring_what_is_in_memory_reads_less_and_leaves_prompts_alone(string name)
    {
        var tokens = TestModels.TokensOf(name);
        var slots = Streamed.Slots(5) with { ReadsAhead = false };
        using var exact = Streamed.Open(name, slots);
        using var model = LoadedModel.Open(name, (LoadedModel.Plain with { Lossy = s_prefers }).With(slots));
        Logits.AssertSameBits(exact.Score(tokens, 9), model.Score(tokens, 9));
        var before = (Exact: exact.Store().Counts, Lossy: model.Store().Counts);
        var (expected, found) = (exact.Decode(tokens), model.Decode(tokens));
        Assert.NotEqual(expected, found);
        Assert.InRange((model.Store().Counts - before.Lossy).BytesRead, 0, (exact.Store().Counts - before.Exact).BytesRead - 1);
    }

    [Theory]
    [MemberData(nameof(Few))]
    public void With_all_experts_in_memory_nothing_is_preferred(string name)
    {
        var tokens = TestModels.TokensOf(name);
        using var exact = LoadedModel.Open(name);
        using var model = LoadedModel.Open(name, LoadedModel.Plain with { Lossy = s_prefers });
        Logits.AssertSameBits(exact.Decode(tokens), model.Decode(tokens));
    }

    // As long as a token's experts all fit, and nothing is read ahead, which experts are in memory does not hang on times.
    [Theory]
    [MemberData(nameof(Few))]
    public void Preferring_does_not_depend_on_threads(string name)
    {
        var tokens = TestModels.TokensOf(name);
        float[]? expected = null;
        foreach (var threads in (int[])[1, 2, 3])
        {
            var slots = Streamed.Slots(9) with { ReadsAhead = false };
            using var model = LoadedModel.Open(name, (LoadedModel.Plain with { Threads = threads, Lossy = new LossyOptions { SkipShare = 0.3f, PreferResident = 2 } }).With(slots));
            var found = model.Decode(tokens);
            expected ??= found;
            Logits.AssertSameBits(expected, found, $"{threads} threads,");
        }
    }

    [Fact]
    public void Lossy_values_are_another_models()
    {
        using var model = LoadedModel.Open("g-moonlight");
        var plain = LoadedModel.Plain;
        var identities = new[] { null, new LossyOptions { SkipShare = 0.1f }, new LossyOptions { SkipShare = 0.2f }, new LossyOptions { PreferResident = 0.1f } }
            .Select(lossy => Convert.ToHexString(model.Identity(plain with { Lossy = lossy })));
        Assert.Equal(4, identities.Distinct().Count());
        Assert.Equal(model.Identity(plain), model.Identity(plain with { Lossy = new LossyOptions() }));
    }

    private static ModelOptions Skipping(float share) => LoadedModel.Plain with { Lossy = new LossyOptions { SkipShare = share } };
}
