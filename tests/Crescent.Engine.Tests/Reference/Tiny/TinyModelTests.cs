using System.Runtime.InteropServices;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Reference.Tiny;

/// <summary>The references of architectures without a golden model of the shared data, against llama.cpp on tiny ones.</summary>
public sealed class TinyModelTests
{
    public static TheoryData<string> Names => [.. TinyModel.All.Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_reference_gives_the_logits_of_llama_cpp(string name)
    {
        var model = TinyModel.Named(name);
        Logits.AssertWithin(model.Bound, Golden(name), [.. model.AsLlamaCpp(TinyModel.Tokens).SelectMany(row => row).Select(value => (float)value)]);
    }

    [Fact]
    public void The_token_ids_are_those_of_the_golden_logits() =>
        Assert.Equal(string.Join(',', TinyModel.Tokens), File.ReadAllText(Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "tiny-models", "tokens.txt")));

    [Fact]
    public void What_makes_each_architecture_itself_shows_in_its_golden_logits()
    {
        var (gptOss, oss) = (TinyGptOss.Config, TinyGptOss.Model.Tensors);
        AssertDiffers("tiny-gpt-oss", new GptOssReference(gptOss with { SlidingWindow = 9 }, oss.Read).Logits);
        AssertDiffers("tiny-gpt-oss", new GptOssReference(gptOss with { Limit = 8 }, oss.Read).Logits);
        AssertDiffers("tiny-gpt-oss", new GptOssReference(gptOss with { Rotation = gptOss.Rotation with { Magnitude = 1 } }, oss.Read).Logits);
        AssertDiffers("tiny-gpt-oss", new GptOssReference(gptOss, name => name.EndsWith("sinks", StringComparison.Ordinal) ? new double[8] : oss.Read(name)).Logits);
        AssertDiffers("tiny-gpt-oss", new GptOssReference(gptOss, name => name.EndsWith("bias", StringComparison.Ordinal) ? new double[oss.Read(name).Length] : oss.Read(name)).Logits);

        var (kimi, linear) = (TinyKimiLinear.Config, TinyKimiLinear.Model.Tensors);
        var rotated = kimi.Latent with { Rotation = Rotation.Plain(10000, kimi.Latent.RopeDim, isInterleaved: true) };
        AssertDiffers("reference-kimi-linear", new KimiLinearReference(kimi with { Latent = rotated }, linear.Read).Logits);
        AssertDiffers("reference-kimi-linear", new KimiLinearReference(kimi with { Router = kimi.Router with { Renormalizes = false } }, linear.Read).Logits);
        AssertDiffers("reference-kimi-linear", new KimiLinearReference(kimi with { Delta = kimi.Delta with { LengthEpsilon = 1e-2 } }, linear.Read).Logits);
        AssertDiffers("reference-kimi-linear", new KimiLinearReference(kimi, name => name.EndsWith("A_log", StringComparison.Ordinal) ? new double[3] : linear.Read(name)).Logits);

        var (llama, qwen2) = (TinyLlama.Llama31.Tensors, TinyLlama.Qwen2.Tensors);
        AssertDiffers("tiny-llama-3.1", new LlamaReference(TinyLlama.Llama31Config with { Rotation = Rotation.Plain(10000, 16, isInterleaved: false) }, llama.Read).Logits);
        AssertDiffers("tiny-qwen-2", new LlamaReference(TinyLlama.Qwen2Config with { HasQueryKeyValueBias = false }, qwen2.Read).Logits);

        var grok = TinyGrok2.LlamaCppConfig;
        foreach (var wrong in new[] { grok with { Renormalizes = false }, grok with { FinalCap = 0 }, grok with { AttentionCap = 0 }, grok with { Rotation = Rotation.Plain(10000, 16, isInterleaved: false) } })
        {
            AssertDiffers("tiny-grok-2", new Grok2Reference(wrong, TinyGrok2.Model.Tensors.Read).Logits);
        }
    }

    private static void AssertDiffers(string name, Func<int[], double[][]> logits, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(logits))] string what = "")
    {
        var golden = Golden(name);
        var worst = logits(TinyModel.Tokens).SelectMany(row => row).Zip(golden, (value, expected) => Math.Abs(value - expected)).Max();
        Assert.True(worst > 10 * TinyModel.Named(name).Bound, $"{what}: {worst} from the golden logits, within ten times the bound {TinyModel.Named(name).Bound}");
    }

    private static float[] Golden(string name) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "tiny-models", $"{name}.logits.f32"))).ToArray();

    /// <summary>Writes the files that llama.cpp's logits were made from, with their token ids, to $CRESCENT_TINY: the first half of making a golden anew.</summary>
    [Fact(Explicit = true)]
    public void Write_the_models()
    {
        var folder = Environment.GetEnvironmentVariable("CRESCENT_TINY") ?? throw new InvalidOperationException("CRESCENT_TINY: expected a folder");
        File.WriteAllText(Path.Combine(folder, "tokens.txt"), string.Join(',', TinyModel.Tokens));
        Assert.All(TinyModel.All, model => model.Write(Path.Combine(folder, $"{model.Name}.gguf")));
    }
}
