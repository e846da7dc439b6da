using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Conversion;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Crescent.Tests.Synthesis.Published;
using Xunit;

namespace Crescent.Tests.Conversion;

/// <summary>Models that synth writes as released, converted: they are what synth writes as GGUF, whose values every type holds exactly.</summary>
public sealed class SynthesisConversionTests
{
    private static readonly ConversionOptions s_options = new() { Threads = 2 };

    public static TheoryData<string, SynthFormat> Released
    {
        get
        {
            var rows = new TheoryData<string, SynthFormat>();
            foreach (var name in SynthPreset.Names.Where(name => name.StartsWith("tiny-", StringComparison.Ordinal)))
            {
                rows.Add(name, SynthFormat.Safetensors);
            }

            rows.Add("tiny-grok-1", SynthFormat.Grok);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Released))]
    public void A_released_model_becomes_what_synth_writes_as_GGUF(string name, SynthFormat format)
    {
        using var folder = new TemporaryFolder();
        var released = PublishedModels.Published(folder, name, null, format);
        Conversions.Convert(released, folder.File("converted.gguf"), s_options);
        using var converted = GgufCheckpoint.Open(folder.File("converted.gguf"));
        using var expected = GgufCheckpoint.Open(PublishedModels.Gguf(folder, name));
        Assert.Equal(expected.Tensors.Keys.Order(StringComparer.Ordinal), converted.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var tensor in expected.Tensors.Values)
        {
            Assert.Equal(tensor.Shape.Where(length => length > 1), converted.Tensors[tensor.Name].Shape.Where(length => length > 1));
            Assert.True(Conversions.Decode(expected, tensor.Name).AsSpan().SequenceEqual(Conversions.Decode(converted, tensor.Name)), tensor.Name);
        }

        AssertSameVocabulary(expected.Metadata, converted.Metadata);
        AssertSameKeys(expected.Metadata, converted.Metadata, format);
        var options = LoadedModel.Plain with { MaxBatchTokens = 128, Activations = Kernels.MatMul.ActivationType.F32 };
        Logits.AssertWithin(2e-4f, Conversions.Score(expected.Path, TestModels.Tokens(), options), Conversions.Score(converted.Path, TestModels.Tokens(), options));
    }

    // What the one file says, the other says, with the type that llama.cpp asks for; but for what a release does not tell and every reader knows.
    private static void AssertSameKeys(GgufMetadata expected, GgufMetadata converted, SynthFormat format)
    {
        var architecture = expected.GetString("general.architecture");
        var pairs = converted.Describe().ToDictionary(pair => pair.Key);
        var differing = expected.Describe()
            .Where(pair => pair.Key.StartsWith(architecture, StringComparison.Ordinal) && (!pairs.TryGetValue(pair.Key, out var found) || found != pair))
            .Where(pair => pair.Key != "kimi-linear.rope.freq_base" && (format != SynthFormat.Grok || (pairs.ContainsKey(pair.Key) && pair.Key != "grok.context_length")))
            .Select(pair => $"expected {pair}, found {(pairs.TryGetValue(pair.Key, out var found) ? found : "none")}");
        Assert.Empty(differing);
    }

    private static void AssertSameVocabulary(GgufMetadata expected, GgufMetadata converted)
    {
        Assert.True(expected.TryGetStringArray("tokenizer.ggml.tokens", out var tokens));
        Assert.True(converted.TryGetStringArray("tokenizer.ggml.tokens", out var found));
        Assert.Equal(expected.GetString("tokenizer.ggml.model"), converted.GetString("tokenizer.ggml.model"));
        Assert.Equal(tokens, found);
    }
}
