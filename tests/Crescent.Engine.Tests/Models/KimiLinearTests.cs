using System.Globalization;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.KvCache;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Runtime;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>Kimi-Linear: llama.cpp's logits, its files' variants, its state, and what is refused.</summary>
public sealed class KimiLinearTests
{
    private const string Name = "tiny-kimi-linear";
    private const float GoldenBound = 2e-4f;
    private const float FormBound = 1e-3f;
    private const float FusedBound = 1e-5f; // of the largest logit: the two layouts sum in different orders

    public static TheoryData<IsaLevel, MlaForm, int> Golden
    {
        get
        {
            var rows = new TheoryData<IsaLevel, MlaForm, int>();
            foreach (var isa in Enum.GetValues<IsaLevel>())
            {
                rows.Add(isa, MlaForm.Absorbed, 64);
                rows.Add(isa, MlaForm.Expanded, 7);
                rows.Add(isa, MlaForm.Auto, 1);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void The_logits_are_those_of_llama_cpp(IsaLevel isa, MlaForm form, int chunk)
    {
        TestModels.Require(isa);
        using var model = OpenFloat(LoadedModel.Plain with { Isa = isa, Mla = form });
        var logits = model.Score(GoldenIntegers("tokens.txt"), chunk);
        var expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(GoldenPath("logits.f32"))).ToArray();
        float[] actual = [.. GoldenIntegers("positions.txt").SelectMany(position => logits.Skip(position * model.Vocab).Take(model.Vocab))];
        Logits.AssertWithin(GoldenBound, expected, actual);
    }

    [Fact]
    public void Generated_tokens_get_the_logits_of_llama_cpp()
    {
        using var model = OpenFloat();
        var logits = model.Decode(GoldenIntegers("tokens.txt"));
        var expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(GoldenPath("logits.f32")));
        var positions = GoldenIntegers("positions.txt");
        for (var i = 0; i < positions.Length; i++)
        {
            Logits.AssertWithin(GoldenBound, expected.Slice(i * model.Vocab, model.Vocab), logits.AsSpan(positions[i] * model.Vocab, model.Vocab));
        }
    }

    [Fact]
    public void Expanded_latent_layers_agree_with_absorbed_ones()
    {
        using var expanded = OpenFloat(LoadedModel.Plain with { Mla = MlaForm.Expanded });
        using var absorbed = OpenFloat(LoadedModel.Plain with { Mla = MlaForm.Absorbed });
        var text = TestModels.Tokens();
        int[] tokens = [.. Enumerable.Range(0, 600).Select(i => text[i * 7 % text.Length])]; // past the positions that are expanded at a time
        Logits.AssertWithin(FormBound, absorbed.Score(tokens, 64), expanded.Score(tokens, 64));
    }

    [Fact]
    public void Fused_key_and_value_weights_give_what_the_split_ones_give()
    {
        using var folder = new TemporaryFolder();
        using (var split = GgufCheckpoint.Open(FloatPath()))
        {
            ModelCopy.WriteFused(split, folder.File("fused.gguf"));
        }

        using var expected = OpenFloat();
        using var fused = LoadedModel.OpenFile(folder.File("fused.gguf"));
        var logits = expected.Score(TestModels.Tokens(), 64);
        Logits.AssertWithin(FusedBound * logits.Max(MathF.Abs), logits, fused.Score(TestModels.Tokens(), 64));
    }

    [Fact]
    public void Without_keys_for_it_the_router_is_a_renormalised_sigmoid()
    {
        using var folder = new TemporaryFolder();
        using (var source = GgufCheckpoint.Open(TestModels.PathOf(Name)))
        {
            Assert.False(source.Metadata.Contains("kimi-linear.expert_weights_norm"));
            ModelCopy.WriteWithout(source, folder.File("bare.gguf"), "kimi-linear.expert_gating_func");
        }

        var expected = Score(TestModels.PathOf(Name));
        Logits.AssertSameBits(expected, Score(folder.File("bare.gguf")));
        Logits.AssertSameBits(expected, Score(TestModels.PathOf(Name), "kimi-linear.expert_weights_norm=bool:true"));
        Assert.NotEqual(expected, Score(TestModels.PathOf(Name), "kimi-linear.expert_weights_norm=bool:false"));
        Assert.NotEqual(expected, Score(TestModels.PathOf(Name), "kimi-linear.expert_gating_func=int:1"));
    }

    [Fact]
    public void Positions_enter_by_the_recurrence_alone()
    {
        // Latent layers see a bag of tokens, so two that swap places far back change a logit only through the states.
        using var model = OpenFloat();
        var tokens = TestModels.Tokens()[..30];
        var swapped = tokens.ToArray();
        (swapped[3], swapped[9]) = (swapped[9], swapped[3]);
        Assert.NotEqual(swapped[3], swapped[9]);
        Assert.NotEqual(model.Score(tokens, 30)[^model.Vocab..], model.Score(swapped, 30)[^model.Vocab..]);
    }

    [Fact]
    public void A_sequence_costs_its_latent_layers_and_one_state()
    {
        using var model = OpenFloat();
        var layout = model.Model.CacheLayout;
        const long StateFloats = (3 * 3 * 4 * 128) + (4 * 128 * 128); // convolution tails and the heads' states
        Assert.Equal(4 * StateFloats, layout.StateFloats); // layers 1, 2, 3 and 5
        Assert.Equal(2 * (512 + 64) * sizeof(float), layout.BytesPerToken); // layers 4 and 6
    }

    [Fact]
    public void Layers_of_one_kind_alone_make_a_model()
    {
        // Two layers of delta attention: no position takes room in the cache.
        using var model = LoadedModel.OpenFile(TestModels.PathOf(Name, DType.Q4_0, layers: 2));
        Assert.Equal(0, model.Model.CacheLayout.PageBytes);
        var tokens = TestModels.Tokens();
        Logits.AssertSameBits(model.Decode(tokens.AsSpan(0, 40)), model.Score(tokens.AsSpan(0, 40), 13));
        var recording = Recording.RunAlone(model, Recording.Greedy(tokens[..20], 20));
        Assert.Equal(20, recording.Sequence.GeneratedTokens.Length);
    }

    [Fact]
    public void Another_turn_begins_where_the_last_answer_ended()
    {
        using var model = LoadedModel.Open(Name, LoadedModel.Plain with { Mla = MlaForm.Absorbed });
        using var generator = model.Generator(context: 400);
        var tokens = TestModels.Tokens();
        int[] prompt = [.. tokens[..45]];
        foreach (var cached in (int[])[0, 64, 128])
        {
            var request = Recording.Greedy(prompt, 30);
            var turn = Recording.Run(model, generator, request)[0];
            Assert.Equal(cached, turn.Sequence.CachedTokens);
            Recording.AssertSame(Recording.RunAlone(model, request, context: 400), turn);
            prompt = [.. turn.Sequence.Tokens, .. tokens[50..60], .. tokens[..30]];
        }

        // The second turn once more, as when its answer is asked for again.
        var again = Recording.Greedy(prompt[..115], 3);
        Assert.Equal(96, Recording.Run(model, generator, again)[0].Sequence.CachedTokens);
    }

    [Fact]
    public void A_step_without_a_state_is_refused()
    {
        using var model = LoadedModel.Open(Name);
        using var pool = new PagePool(model.Model.CacheLayout, 2);
        model.Model.Batch.Clear();
        model.Model.Batch.Add([1, 2], 0, new SequencePages(pool), isPrompt: true);
        Assert.Contains("all 2 tokens", Assert.Throws<InvalidOperationException>(model.Model.Forward).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("block_count=int:3", "attention.head_count_kv", "expected 3 values", "found 4")]
    [InlineData("attention.head_count_kv=int:-1", "attention.head_count_kv", "expected 0..65536", "found -1")]
    [InlineData("attention.head_count_kv=int:1", "expected a tensor 'blk.0.attn_kv_b.weight'")] // every layer latent
    [InlineData("attention.head_count_kv=int:0", "blk.3.attn_q.weight", "[512, 256]", "found [768, 256]")] // every layer linear
    [InlineData("kda.head_dim=int:0", "kda.head_dim", "found 0")]
    [InlineData("kda.head_dim=int:100", "kda.head_dim", "multiple of 32", "found 100")]
    [InlineData("kda.head_dim=int:1024", "blk.0.attn_q.weight", "[4096, 256]")]
    [InlineData("attention.head_count=int:65536", "at most 1048576", "65536 heads of 128")]
    [InlineData("ssm.conv_kernel=int:1", "ssm.conv_kernel", "found 1")]
    [InlineData("ssm.conv_kernel=int:3", "blk.0.ssm_conv1d_q.weight", "[512, 3]", "found [512, 1, 4]")]
    [InlineData("rope.dimension_count=int:63", "rope.dimension_count", "even", "found 63")]
    [InlineData("rope.dimension_count=int:192", "key length above the rope width", "key 192, rope 192")]
    [InlineData("attention.kv_lora_rank=int:500", "blk.3.attn_k_b.weight", "[4, 500, 128]")]
    [InlineData("expert_used_count=int:17", "expert_used_count", "expected 1..16")]
    [InlineData("expert_gating_func=int:4", "expert_gating_func", "found 4")]
    [InlineData("leading_dense_block_count=int:5", "leading_dense_block_count", "expected 0..4")]
    public void Configurations_that_do_not_fit_the_tensors_are_refused(string change, params string[] words)
    {
        using var checkpoint = GgufCheckpoint.Open(TestModels.PathOf(Name));
        var metadata = checkpoint.Metadata.With([GgufOverride.Parse($"kimi-linear.{change}")]);
        var exception = Assert.Throws<CheckpointException>(() => ModelLoader.Load(checkpoint, metadata, LoadedModel.Plain, out _));
        Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2.5f)]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Decay_rates_that_would_let_a_state_grow_are_refused(float rate)
    {
        using var folder = new TemporaryFolder();
        PatchedModel.Write(Name, "blk.1.ssm_a", folder.File("rate.gguf"), bytes => MemoryMarshal.Cast<byte, float>(bytes)[3] = rate);
        var exception = Assert.Throws<CheckpointException>(() => LoadedModel.OpenFile(folder.File("rate.gguf")));
        Assert.Contains($"'blk.1.ssm_a': expected decay rates of at most 0, found {rate} at 3", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_byte_of_attention_is_counted_as_attention()
    {
        using var checkpoint = GgufCheckpoint.Open(TestModels.PathOf(Name));
        Assert.DoesNotContain(checkpoint.Tensors.Keys, name => TensorRole.Of(name) == TensorRole.Other);
        Assert.Equal(TensorRole.Attention, TensorRole.Of("blk.0.ssm_f_a.weight"));
        Assert.Equal(TensorRole.Norms, TensorRole.Of("blk.0.ssm_norm.weight"));
    }

    private static string FloatPath() => TestModels.PathOf(Name, DType.F32, layers: 6);

    private static LoadedModel OpenFloat(ModelOptions? options = null) => LoadedModel.OpenFile(FloatPath(), options);

    private static float[] Score(string path, params string[] overrides)
    {
        using var checkpoint = GgufCheckpoint.Open(path);
        using var model = ModelLoader.Load(checkpoint, checkpoint.Metadata.With(overrides.Select(GgufOverride.Parse)), LoadedModel.Plain with { Activations = ActivationType.F32 }, out _);
        var logits = new float[20 * model.Shape.Vocab];
        Scorer.Run(model, TestModels.Tokens().AsSpan(0, 20), 20, (position, row) => row.CopyTo(logits.AsSpan(position * row.Length)));
        return logits;
    }

    private static string GoldenPath(string file) => Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "kimi-linear", file);

    private static int[] GoldenIntegers(string file) =>
        [.. File.ReadAllText(GoldenPath(file)).Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
}
