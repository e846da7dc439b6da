using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Weights;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Crescent.Tests.Models.Published;
using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Tiny;
using Xunit;

namespace Crescent.Tests.Weights;

/// <summary>Weights recoded while a model loads: which, to what, and what the model gives then.</summary>
public sealed class ResidentTypeTests
{
    private const float Bound = 2e-4f;

    public static TheoryData<string, DType> Recoded => new()
    {
        { "kimi-k2", DType.Q8_0 }, { "kimi-k2", DType.Q4_0 }, { "kimi-k2", DType.Q4_K }, { "kimi-k2-thinking", DType.Q8_0 }, { "kimi-k2-fp8", DType.Q4_0 },
        { "qwen2", DType.Q8_0 }, { "qwen2", DType.Q4_0 }, { "gpt-oss", DType.Q8_0 }, { "gpt-oss", DType.Q4_K }, { "kimi-linear", DType.Q4_0 },
    };

    /// <summary>The reference runs over values that were recoded one by one: all others, the experts' among them, are those of the files.</summary>
    [Theory]
    [MemberData(nameof(Recoded))]
    public void A_recoded_model_is_the_reference_over_recoded_values(string name, DType type)
    {
        var published = PublishedModels.Named(name);
        var stored = new SafetensorsReference(PublishedModels.FolderOf(name));
        var sizes = published.Stored.ToDictionary(entry => entry.Name, entry => (long)entry.Tensor.Bytes.Length);
        var recoded = 0;
        double[] Read(string tensor)
        {
            // A tied head is the embedding, recoded; the rows that are looked up are not.
            var source = published.Shapes.ContainsKey(tensor) ? tensor : "model.embed_tokens.weight";
            var values = stored.Read(source);
            if (tensor == "model.embed_tokens.weight" || TypeOf(source, published.Shapes[source], sizes, type) is not { } target)
            {
                return values;
            }

            recoded++;
            return Recode(target, values, published.Shapes[source][1]);
        }

        var tokens = published.Tokens[..16];
        var reference = name == "qwen2" ? new LlamaReference(TinyLlama.Qwen2Config with { IsTied = false }, Read).Logits : published.Reference(Read);
        float[] expected = [.. reference(tokens).SelectMany(row => row).Select(value => (float)value)];
        using var model = LoadedModel.OpenFile(PublishedModels.FolderOf(name), LoadedModel.Plain with { Activations = ActivationType.F32, ResidentType = type, Threads = 2 });
        Logits.AssertWithin(Bound, expected, model.Score(tokens, 16));
        Assert.Single(model.Notes, text => text.Contains($"recoded to {type} while loading", StringComparison.Ordinal));
        Assert.True(recoded > 0);
    }

    [Fact]
    public void Experts_routers_norms_and_the_rows_of_the_embedding_stay()
    {
        using var checkpoint = Checkpoint.Open(PublishedModels.FolderOf("kimi-k2-thinking"));
        using var recoder = new ResidentRecoder(DType.Q8_0, IsaLevel.Portable, threads: 2);
        var tensors = new TensorSource(checkpoint.Tensors, checkpoint.Path, IsaLevel.Portable, recoder);
        Assert.Equal(DType.BF16, tensors.Table("token_embd.weight", 512, 128).DType);
        Assert.Equal(DType.BF16, tensors.Matrix("blk.1.ffn_gate_inp.weight", 24, 128).DType);
        Assert.Equal(DType.INT4_G32, tensors.Stack("blk.1.ffn_gate_exps.weight", 24, 64, 128)[23].DType);
        Assert.Equal(DType.BF16, tensors.Matrix("blk.0.attn_q_b.weight", 192, 48).DType); // rows of no whole block
        _ = tensors.Vector("blk.0.attn_norm.weight", 128);
        Assert.Equal(0, recoder.Bytes);
        var mapped = tensors.Groups.Count;

        Assert.Equal(DType.Q8_0, tensors.Matrix("blk.0.attn_output.weight", 128, 128).DType);
        Assert.Equal(DType.Q8_0, tensors.Matrix("blk.1.ffn_down_shexp.weight", 128, 64).DType);
        Assert.Equal(DType.Q8_0, tensors.Matrix("output.weight", 512, 128).DType);
        Assert.Equal(34L * ((128 * 4) + (128 * 2) + (512 * 4)), recoder.Bytes);
        Assert.Equal(mapped, tensors.Groups.Count); // their bytes in the file are read once, so never moved
    }

    [Fact]
    public void What_would_not_become_smaller_stays()
    {
        using var checkpoint = Checkpoint.Open(PublishedModels.FolderOf("kimi-k2-fp8"));
        using var recoder = new ResidentRecoder(DType.Q8_0, IsaLevel.Portable, threads: 2);
        var tensors = new TensorSource(checkpoint.Tensors, checkpoint.Path, IsaLevel.Portable, recoder);
        Assert.Equal(DType.F8_E4M3, tensors.Matrix("blk.0.attn_output.weight", 128, 128).DType);
        Assert.Equal(DType.Q8_0, tensors.Matrix("output.weight", 512, 128).DType);
    }

    [Fact]
    public void A_tied_head_is_recoded_and_the_rows_that_are_looked_up_are_not()
    {
        using var checkpoint = Checkpoint.Open(PublishedModels.FolderOf("qwen2"));
        using var recoder = new ResidentRecoder(DType.Q4_0, IsaLevel.Portable, threads: 1);
        var tensors = new TensorSource(checkpoint.Tensors, checkpoint.Path, IsaLevel.Portable, recoder);
        Assert.Equal((DType.F32, DType.Q4_0), (tensors.Table("token_embd.weight", 288, 64).DType, tensors.Matrix("token_embd.weight", 288, 64).DType));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(3e38f)] // no half-precision scale is large enough
    public void A_value_that_no_block_holds_is_one_error(float value)
    {
        // In several rows, so that several threads meet one.
        using var folder = new TemporaryFolder();
        var model = PlainModels.Llama31;
        var damaged = model with
        {
            Values = name => name == "model.layers.1.mlp.up_proj.weight" ? [.. model.Values(name).Select((weight, i) => i / 64 is >= 37 and < 90 && i % 64 == 5 ? value : weight)] : model.Values(name),
        };
        damaged.Write(folder.Path);
        var exception = Assert.Throws<CheckpointException>(() => LoadedModel.OpenFile(folder.Path, LoadedModel.Plain with { ResidentType = DType.Q8_0, Threads = 2 }));
        Assert.StartsWith($"{folder.File("model.safetensors")}: tensor 'blk.1.ffn_up.weight' at offset ", exception.Message, StringComparison.Ordinal);
        Assert.Contains("row 37 cannot be recoded to Q8_0", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Theory]
    [InlineData(DType.INT4_G32)]
    [InlineData(DType.F8_E4M3)]
    [InlineData(DType.INT8_KN)]
    [InlineData(DType.MXFP4_SPLIT)]
    [InlineData(DType.I8)]
    [InlineData(DType.IQ1_S)]
    public void A_type_that_cannot_be_encoded_is_refused_by_name(DType type)
    {
        var exception = Assert.Throws<NotSupportedException>(() => LoadedModel.OpenFile(PublishedModels.FolderOf("qwen2"), LoadedModel.Plain with { ResidentType = type }));
        Assert.Contains($"recoded to {type}; supported: F32, ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recoded_weights_and_weights_that_move_give_the_same_bits()
    {
        // An embedding that is large enough to be moved, and is the head besides.
        const int Vocab = 12288;
        var shapes = PlainModels.Qwen2.Shapes.ToDictionary(entry => entry.Key, entry => entry.Key == "model.embed_tokens.weight" ? [Vocab, 64] : entry.Value);
        var model = PlainModels.Qwen2 with
        {
            Shapes = shapes,
            Values = name => name == "model.embed_tokens.weight" ? new RandomTensors().Matrix(name, [Vocab, 64], 3).Read(name) : PlainModels.Qwen2.Values(name),
        };
        using var folder = new TemporaryFolder();
        model.Write(folder.Path);
        foreach (var type in new DType?[] { null, DType.Q8_0 })
        {
            using var loaded = LoadedModel.OpenFile(folder.Path, LoadedModel.Plain with { ResidentType = type });
            var expected = loaded.Score(TinyModel.Tokens.AsSpan(0, 6), 3);
            loaded.Model.MoveWeightsInBackground();
            _ = loaded.Score(TinyModel.Tokens.AsSpan(0, 6), 3);
            loaded.Model.WaitUntilMoved();
            Logits.AssertSameBits(expected, loaded.Score(TinyModel.Tokens.AsSpan(0, 6), 3), $"{type?.ToString() ?? "as published"},");
        }
    }

    // The rule, once more: matrices that every token takes, where whole blocks fit and make them smaller.
    private static DType? TypeOf(string name, int[] shape, Dictionary<string, long> sizes, DType asked)
    {
        if (shape is not [var rows, var columns] || name.Contains(".experts.", StringComparison.Ordinal)
            || name.EndsWith(".gate.weight", StringComparison.Ordinal) || name.EndsWith("mlp.router.weight", StringComparison.Ordinal) || name.EndsWith("bias", StringComparison.Ordinal))
        {
            return null;
        }

        var type = columns % asked.Layout().BlockLength == 0 ? asked : DType.Q8_0;
        return columns % type.Layout().BlockLength == 0 && type.Layout().RowBytes(columns) * rows < sizes[name] + sizes.GetValueOrDefault(name + "_scale_inv") ? type : null;
    }

    private static double[] Recode(DType type, double[] values, int columns)
    {
        var row = new byte[type.Layout().RowBytes(columns)];
        var decoded = new float[columns];
        return [.. values.Chunk(columns).SelectMany(chunk =>
        {
            RowCodec.Encode(type, [.. chunk.Select(value => (float)value)], row);
            RowCodec.Decode(type, row, decoded);
            return decoded.Select(value => (double)value).ToArray();
        })];
    }
}
