using Crescent.Engine.Experts.Eviction;
using Crescent.Tests.Models;
using Crescent.Tests.Runtime;
using Xunit;

namespace Crescent.Tests.Experts;

/// <summary>A model whose experts are read from the drive gives the bits of one that is in memory, whatever the slots, the threads, the policy and the batch.</summary>
public sealed class StreamedEqualityTests
{
    private const int MostSlots = 1 << 20;

    private static readonly (int Slots, int Chunk, int Threads, bool Ahead)[] s_cuts =
    [
        (1, 64, 1, true), (1, 1, 2, true), (1, 7, 4, false), (2, 64, 2, true), (2, 1, 1, false), (3, 5, 3, true), (4, 1, 2, true), (5, 33, 4, false),
        (MostSlots, 64, 2, true), (MostSlots, 1, 1, true),
    ];

    public static TheoryData<string> All => TestModels.Rows(Streamed.Models);

    public static TheoryData<string, EvictionPolicyKind> Policies
    {
        get
        {
            var rows = new TheoryData<string, EvictionPolicyKind>();
            foreach (var name in Streamed.Few)
            {
                foreach (var policy in Enum.GetValues<EvictionPolicyKind>())
                {
                    rows.Add(name, policy);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Logits_have_the_bits_of_the_resident_model(string name)
    {
        var tokens = TestModels.TokensOf(name);
        using var resident = LoadedModel.Open(name);
        var expected = resident.Score(tokens, 64);
        foreach (var (slots, chunk, threads, ahead) in s_cuts)
        {
            using var model = LoadedModel.Open(name, (LoadedModel.Plain with { Threads = threads }).With(Streamed.Slots(slots) with { ReadsAhead = ahead }));
            Logits.AssertSameBits(expected, model.Score(tokens, chunk), $"{slots} slots, chunk {chunk}, {threads} threads,");
            AssertStreamed(model, slots);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Decoding_has_the_bits_of_the_resident_model(string name)
    {
        var tokens = TestModels.TokensOf(name).AsSpan(0, 24);
        using var resident = LoadedModel.Open(name);
        var expected = resident.Decode(tokens);
        foreach (var slots in (int[])[1, 2, 3, 4, 6, MostSlots])
        {
            using var model = Streamed.Open(name, Streamed.Slots(slots));
            Logits.AssertSameBits(expected, model.Decode(tokens), $"{slots} slots,");
            AssertStreamed(model, slots);
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Every_policy_gives_the_same(string name, EvictionPolicyKind policy)
    {
        var tokens = TestModels.TokensOf(name);
        using var resident = LoadedModel.Open(name);
        var expected = (Prompt: resident.Score(tokens, 9), Answer: resident.Decode(tokens));
        foreach (var slots in (int[])[1, 3, 5])
        {
            using var model = Streamed.Open(name, Streamed.Slots(slots) with { Policy = policy });
            Logits.AssertSameBits(expected.Prompt, model.Score(tokens, 9), $"{slots} slots, prompt,");
            Logits.AssertSameBits(expected.Answer, model.Decode(tokens), $"{slots} slots, answer,");
            AssertStreamed(model, slots);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Sequences_that_run_together_give_the_tokens_of_each_alone_in_memory(string name)
    {
        var tokens = TestModels.TokensOf(name);
        var requests = new[] { Recording.Greedy(tokens[..5], 12), Recording.Greedy(tokens[10..50], 6), Recording.Greedy(tokens[40..57], 9) };
        using var resident = LoadedModel.Open(name);
        var expected = Array.ConvertAll(requests, request => Recording.RunAlone(resident, request));
        foreach (var (slots, threads) in (ReadOnlySpan<(int, int)>)[(1, 2), (3, 1), (MostSlots, 2)])
        {
            using var model = LoadedModel.Open(name, (LoadedModel.Plain with { Threads = threads }).With(Streamed.Slots(slots)));
            using var generator = model.Generator(sequences: 3, chunk: 11);
            var together = Recording.Run(model, generator, requests);
            for (var i = 0; i < requests.Length; i++)
            {
                Recording.AssertSame(expected[i], together[i]);
            }
        }
    }

    [Fact]
    public void A_prompt_reads_each_expert_once_however_few_the_slots()
    {
        const string Name = "g-qwen3moe";
        using var model = Streamed.Open(Name, Streamed.Slots(1) with { ReadsAhead = false });
        model.Score(TestModels.TokensOf(Name), 64);
        Assert.Equal(0, model.Store().Counts.Hits);
        Assert.InRange(model.Store().Counts.Used, model.Store().Layers + 1, model.Store().Experts);
        Assert.InRange(model.Store().Counts.BytesRead, 1, model.Store().ExpertBytes);
    }

    [Fact]
    public void With_a_slot_for_every_expert_nothing_is_read_twice()
    {
        const string Name = "g-qwen3moe";
        using var model = Streamed.Open(Name, Streamed.Slots(MostSlots) with { ReadsAhead = false });
        model.Score(TestModels.TokensOf(Name), 64);
        var first = model.Store().Counts;
        model.Score(TestModels.TokensOf(Name), 64);
        var second = model.Store().Counts - first;
        Assert.Equal(0, second.BytesRead);
        Assert.Equal(first.Used, second.Used);
        Assert.Equal(second.Used, second.Hits);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Slots_that_are_made_in_the_background_change_nothing(string name)
    {
        var tokens = TestModels.TokensOf(name);
        using var resident = LoadedModel.Open(name);
        var expected = resident.Score(tokens, 3);
        foreach (var slots in (int[])[1, 2, 4, MostSlots])
        {
            using var model = Streamed.Open(name, Streamed.Slots(slots) with { LeastMadeAhead = 0, MostMadeAtOnce = 1 });
            Logits.AssertSameBits(expected, model.Score(tokens, 3), $"{slots} slots,");
            var (made, allowed) = model.Store().Slots;
            Assert.InRange(made, Math.Min(allowed, model.Store().Layers + 1), allowed); // a slot of every layer, and some of what is made ahead
        }
    }

    [Fact]
    public void Experts_are_read_ahead_and_used()
    {
        const string Name = "g-qwen3moe";
        using var model = Streamed.Open(Name, Streamed.Slots(5));
        model.Decode(TestModels.TokensOf(Name));
        var counts = model.Store().Counts;
        Assert.InRange(counts.AheadUsed, 1, counts.AheadRead);
    }

    private static void AssertStreamed(LoadedModel model, int slots)
    {
        var (made, allowed) = model.Store().Slots;
        Assert.InRange(made, 1, allowed);
        Assert.InRange(allowed, model.Store().Layers, (long)slots * model.Store().Layers);
        Assert.InRange(model.Store().Counts.BytesRead, 1, long.MaxValue);
    }
}
