using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Synthesis.Published;

/// <summary>Writes tiny models in any form.</summary>
internal static class PublishedModels
{
    public const ulong Seed = 5;

    public static SynthPreset Preset(string name)
    {
        Assert.True(SynthPreset.TryGet(name, out var preset));
        return preset;
    }

    /// <summary>Enough layers for one of every kind.</summary>
    public static int Layers(string name) => Math.Min(Preset(name).Layers, name switch
    {
        "tiny-deepseek-v3" => 4,
        "tiny-kimi-linear" => 5,
        _ => 2,
    });

    /// <summary>As a GGUF file in F32, where no type has a say.</summary>
    public static string Gguf(TemporaryFolder folder, string name) => Write(folder, $"{name}.gguf", name, new() { DType = DType.F32 });

    /// <summary>As a folder; null for the type of the release.</summary>
    public static string Published(TemporaryFolder folder, string name, DType? dtype, SynthFormat format = SynthFormat.Safetensors) =>
        Write(folder, $"{name}-{format}-{dtype}", name, new() { DType = dtype, Format = format });

    private static string Write(TemporaryFolder folder, string file, string name, SynthOptions options)
    {
        var path = folder.File(file);
        SynthModel.Write(Preset(name), options with { Seed = Seed, Layers = Layers(name), Threads = 2 }, path, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }
}
