using Crescent.Engine.Models;
using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Tests.Models;
using Crescent.Tests.Models.Published;
using Xunit;

namespace Crescent.Tests.Runtime;

/// <summary>What must not depend on how the work is cut up, for every architecture and instruction-set level. Bits are compared unless a test says otherwise.</summary>
public sealed class EqualityTests
{
    private const float FormBound = 1e-3f;

    public static TheoryData<string, IsaLevel> Models => TestModels.WithLevels([.. TestModels.All, .. PublishedModels.OnePerForm]);

    public static TheoryData<string> FloatLatent => TestModels.Rows(TestModels.Latent.Intersect(TestModels.Float));

    public static TheoryData<string> AllModels => TestModels.Rows(TestModels.All);

    public static TheoryData<string, KvType> CacheTypes
    {
        get
        {
            var rows = new TheoryData<string, KvType>();
            foreach (var name in TestModels.All)
            {
                rows.Add(name, KvType.F16);
                rows.Add(name, KvType.BF16);
                rows.Add(name, KvType.Q8_0);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Batched_equals_alone(string name, IsaLevel isa) => Batched(name, LoadedModel.Plain with { Isa = Level(isa) });

    [Theory]
    [MemberData(nameof(Models))]
    public void Chunked_equals_whole(string name, IsaLevel isa) => Chunked(name, LoadedModel.Plain with { Isa = Level(isa) });

    [Theory]
    [MemberData(nameof(Models))]
    public void Any_number_of_threads_gives_the_same(string name, IsaLevel isa)
    {
        var tokens = TestModels.TokensOf(name);
        using var one = LoadedModel.Open(name, LoadedModel.Plain with { Isa = Level(isa) });
        var expected = (Whole: one.Score(tokens, 64), Single: one.Decode(tokens.AsSpan(0, 10)));
        foreach (var threads in (int[])[2, 3])
        {
            using var many = LoadedModel.Open(name, LoadedModel.Plain with { Isa = isa, Threads = threads });
            Logits.AssertSameBits(expected.Whole, many.Score(tokens, 64), $"{threads} threads, chunk 64,");
            Logits.AssertSameBits(expected.Single, many.Decode(tokens.AsSpan(0, 10)), $"{threads} threads, decoding,");
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_prefill_equals_as_many_decodes(string name, IsaLevel isa) => Prefilled(name, LoadedModel.Plain with { Isa = Level(isa), Mla = MlaForm.Absorbed });

    [Theory]
    [MemberData(nameof(Models))]
    public void A_shared_prefix_equals_a_fresh_one(string name, IsaLevel isa) => Shared(name, LoadedModel.Plain with { Isa = Level(isa), Mla = MlaForm.Absorbed });

    [Theory]
    [MemberData(nameof(FloatLatent))]
    public void With_the_expanded_form_a_prefill_is_near_as_many_decodes(string name)
    {
        using var model = LoadedModel.Open(name);
        var tokens = TestModels.TokensOf(name);
        Logits.AssertWithin(FormBound, model.Decode(tokens), model.Score(tokens, 64));
    }

    [Theory]
    [MemberData(nameof(FloatLatent))]
    public void With_the_expanded_form_a_shared_prefix_is_near_a_fresh_one(string name)
    {
        using var model = LoadedModel.Open(name);
        var request = Recording.Greedy(TestModels.TokensOf(name)[..50]);
        var fresh = Recording.RunAlone(model, request);
        using var generator = model.Generator();
        // The first answer's pages hold absorbed tokens too.
        Recording.Run(model, generator, Recording.Greedy(TestModels.TokensOf(name)[..20], 20));
        Recording.Run(model, generator, request);
        var shared = Recording.Run(model, generator, request)[0];
        Assert.Equal(32, shared.Sequence.CachedTokens);
        Assert.Equal(fresh.Sequence.Tokens.ToArray(), shared.Sequence.Tokens.ToArray());
        for (var i = 0; i < fresh.Logits.Count; i++)
        {
            Logits.AssertWithin(FormBound, fresh.Logits[i], shared.Logits[i]);
        }
    }

    [Theory]
    [MemberData(nameof(AllModels))]
    public void Streamed_text_equals_collected_text(string name)
    {
        using var model = LoadedModel.Open(name);
        var tokenizer = model.Tokenizer();
        using var streaming = model.Generator(tokenizer: tokenizer);
        var streamed = Recording.Run(model, streaming, Recording.Greedy(TestModels.TokensOf(name)[..6], 40))[0];

        using var generator = model.Generator(tokenizer: tokenizer);
        var collected = generator.Add(Recording.Greedy(TestModels.TokensOf(name)[..6], 40));
        generator.Run(collected, TestContext.Current.CancellationToken);
        var text = collected.TakeText();
        Assert.NotEmpty(text);
        Assert.Equal(text, streamed.Text.ToString());
        Assert.Equal(text, tokenizer.DecodeText(collected.GeneratedTokens, startOfText: false));
    }

    [Theory]
    [MemberData(nameof(CacheTypes))]
    public void The_equalities_hold_for_every_cache_type_that_the_widths_allow(string name, KvType type)
    {
        var options = LoadedModel.Plain with { KvType = type, Mla = MlaForm.Absorbed };
        if (type == KvType.Q8_0 && OddWidth(name) is { } width)
        {
            var exception = Assert.Throws<NotSupportedException>(() => LoadedModel.Open(name, options));
            Assert.Contains(width.ToString(), exception.Message, StringComparison.Ordinal);
            return;
        }

        Batched(name, options);
        Chunked(name, options);
        Prefilled(name, options);
        Shared(name, options);
    }

    private static IsaLevel Level(IsaLevel isa)
    {
        TestModels.Require(isa);
        return isa;
    }

    private static int? OddWidth(string name)
    {
        using var model = LoadedModel.Open(name);
        int[] widths = [.. model.Model.CacheLayout.Layers.SelectMany(layer => (int[])[layer.KeyWidth, layer.ValueWidth]).Where(width => width % 32 != 0)];
        return widths.Length > 0 ? widths[0] : null;
    }

    private static void Batched(string name, ModelOptions options)
    {
        using var model = LoadedModel.Open(name, options);
        var tokens = TestModels.TokensOf(name);
        var requests = new[] { Recording.Greedy(tokens[..5], 9), Recording.Greedy(tokens[10..50], 4), Recording.Greedy(tokens[40..57], 6) };
        using var generator = model.Generator(sequences: 3, chunk: 11);
        var together = Recording.Run(model, generator, requests);
        for (var i = 0; i < requests.Length; i++)
        {
            Recording.AssertSame(Recording.RunAlone(model, requests[i]), together[i]);
        }
    }

    private static void Chunked(string name, ModelOptions options)
    {
        using var model = LoadedModel.Open(name, options);
        var tokens = TestModels.TokensOf(name);
        var whole = model.Score(tokens, 64);
        foreach (var chunk in (int[])[1, 5, 33])
        {
            Logits.AssertSameBits(whole, model.Score(tokens, chunk), $"chunk {chunk},");
        }
    }

    private static void Prefilled(string name, ModelOptions options)
    {
        using var model = LoadedModel.Open(name, options);
        var tokens = TestModels.TokensOf(name).AsSpan(0, 40);
        Logits.AssertSameBits(model.Decode(tokens), model.Score(tokens, 40));
    }

    private static void Shared(string name, ModelOptions options)
    {
        using var model = LoadedModel.Open(name, options);
        var request = Recording.Greedy(TestModels.TokensOf(name)[..50], 20);
        var fresh = Recording.RunAlone(model, request);
        Assert.Equal(0, fresh.Sequence.CachedTokens);
        using var generator = model.Generator();
        Recording.AssertSame(fresh, Recording.Run(model, generator, request)[0]);
        var shared = Recording.Run(model, generator, request)[0];
        Assert.Equal(32, shared.Sequence.CachedTokens);
        Recording.AssertSame(fresh, shared);

        // A prompt that goes on from the answer finds its tokens too.
        var longer = Recording.Greedy(shared.Sequence.Tokens.ToArray(), 4);
        var continued = Recording.Run(model, generator, longer)[0];
        Assert.Equal(64, continued.Sequence.CachedTokens);
        Recording.AssertSame(Recording.RunAlone(model, longer), continued);
    }
}
