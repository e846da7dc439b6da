using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Tests.Models;
using Crescent.Tests.Reference.Tiny;
using Xunit;

namespace Crescent.Tests.Conversion;

/// <summary>
/// The tiny models as published, converted: they become the files that llama.cpp's logits in tests/golden belong to, tensor for tensor.
/// </summary>
public sealed class PublishedModelTests
{
    private const float Bound = 2e-4f;

    // Metadata that differs for a reason.
    private static readonly string[] s_ownKeys = ["general.name", "general.file_type"];

    public static TheoryData<string> Names => [.. PublishedTiny.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_published_model_becomes_the_GGUF_that_llama_cpp_reads(string name)
    {
        using var published = PublishedTiny.Write(name);
        Conversions.Convert(published.Path, published.File("converted.gguf"));
        using var converted = Checkpoint.Open(published.File("converted.gguf"));
        TinyModel.Named(name).Write(published.File("expected.gguf"));
        using var expected = Checkpoint.Open(published.File("expected.gguf"));
        Assert.Equal(expected.Tensors.Keys.Select(Current).Order(StringComparer.Ordinal), converted.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var tensor in expected.Tensors.Values)
        {
            var found = converted.Tensors[Current(tensor.Name)];
            Assert.Equal(tensor.Shape.SkipWhile(length => length == 1), found.Shape.SkipWhile(length => length == 1));
            var values = Conversions.Decode(converted, found.Name);
            if (found.DType != tensor.DType)
            {
                // gpt-oss's experts: what MXFP4 makes of the values.
                Assert.Equal(Kernels.DType.MXFP4, found.DType);
                Assert.True(Round(Conversions.Decode(expected, tensor.Name)).AsSpan().SequenceEqual(values), tensor.Name);
            }
            else
            {
                Logits.AssertSameBits(Conversions.Decode(expected, tensor.Name), values, tensor.Name);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_metadata_has_the_keys_and_types_that_llama_cpp_asks_for(string name)
    {
        using var published = PublishedTiny.Write(name);
        Conversions.Convert(published.Path, published.File("converted.gguf"));
        using var converted = Checkpoint.Open(published.File("converted.gguf"));
        TinyModel.Named(name).Write(published.File("expected.gguf"));
        using var expected = Checkpoint.Open(published.File("expected.gguf"));

        // Grok-2's rotation: llama.cpp's converter and the release disagree. Kimi-Linear has none.
        var rotation = name == TinyGrok2.Model.Name ? "rope.scaling" : name == TinyKimiLinear.Model.Name ? "rope.freq_base" : null;
        var pairs = converted.Metadata.Describe().ToDictionary(pair => pair.Key);
        foreach (var pair in expected.Metadata.Describe())
        {
            if (!s_ownKeys.Contains(pair.Key) && !pair.Key.StartsWith("tokenizer.", StringComparison.Ordinal) && (rotation is null || !pair.Key.Contains(rotation, StringComparison.Ordinal)))
            {
                Assert.Equal(pair, pairs[pair.Key]);
            }
        }

        Assert.DoesNotContain(pairs.Values, pair => pair.Type is "i64" or "u64" or "f64" or "arr[i64]");
        Assert.DoesNotContain(pairs.Keys, key => key.EndsWith("rope.scaling.type", StringComparison.Ordinal) && pairs[key].Value == "\"llama3\"");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_logits_are_those_of_the_source_and_of_llama_cpp(string name)
    {
        using var published = PublishedTiny.Write(name);
        Conversions.Convert(published.Path, published.File("converted.gguf"));
        var options = LoadedModel.Plain with { MaxBatchTokens = 128, Activations = Kernels.MatMul.ActivationType.F32 };
        var source = Conversions.Score(published.Path, TinyModel.Tokens, options);
        var converted = Conversions.Score(published.File("converted.gguf"), TinyModel.Tokens, options);
        if (name is "tiny-qwen-2" or "tiny-qwen-3" or "tiny-gpt-oss" or "tiny-grok-2")
        {
            Logits.AssertSameBits(source, converted, name);
        }

        // Rows of heads in another order, or keys transposed: the same sums in another order.
        Logits.AssertWithin(Bound, source, converted);
        if (name is not ("tiny-gpt-oss" or "tiny-grok-2"))
        {
            var golden = Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "tiny-models", $"{name}.logits.f32");
            Logits.AssertWithin(Bound, MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(golden)), converted);
        }
    }

    // The tiny file has the newer name of Grok's last norm.
    private static string Current(string name) => name.Replace("post_ffw_norm", "layer_output_norm", StringComparison.Ordinal);

    private static float[] Round(float[] values)
    {
        const int BlockLength = 32;
        var bytes = new byte[values.Length / BlockLength * 17];
        Kernels.Quantization.RowCodec.Encode(Kernels.DType.MXFP4, values, bytes);
        var rounded = new float[values.Length];
        Kernels.Quantization.RowCodec.Decode(Kernels.DType.MXFP4, bytes, rounded);
        return rounded;
    }
}
