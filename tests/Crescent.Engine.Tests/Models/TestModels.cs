using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Tests.Models.Published;
using Crescent.Tests.Reference.Tiny;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>The small models that the engine's tests run: the golden ones of the shared data, and tiny ones of real structure, written once a run.</summary>
internal static class TestModels
{
    private static readonly Dictionary<string, DType> s_tiny = new()
    {
        ["tiny-kimi-k2"] = DType.Q4_0,
        ["tiny-kimi-k2-thinking"] = DType.Q5_0,
        ["tiny-moonlight"] = DType.Q8_0,
        ["tiny-kimi-linear"] = DType.Q8_0,
        ["tiny-deepseek-v3"] = DType.Q4_K,
        ["tiny-grok-1"] = DType.Q6_K,
        ["tiny-qwen3-30b-a3b"] = DType.Q5_K,
        ["tiny-llama-3.2-1b"] = DType.BF16,
        ["tiny-gpt-oss-20b"] = DType.MXFP4,
    };

    private static readonly ConcurrentDictionary<string, Lazy<string>> s_written = new();
    private static readonly Lazy<string> s_folder = new(MakeFolder);

    /// <summary>Golden models in F32.</summary>
    public static string[] Float { get; } =
        ["g-llama", "g-kimi-k2", "g-kimi-k2-legacy-kvb", "g-moonlight", "g-deepseek-v3", "g-deepseek-v2-lite", "g-grok", "g-qwen3moe"];

    /// <summary>Golden models in a block format.</summary>
    public static string[] Quantized { get; } = ["g-llama-tied-q", "g-kimi-k2-q4_0", "g-qwen3moe-q"];

    public static string[] Golden { get; } = [.. Float, .. Quantized];

    /// <summary>
    /// Models of random float32 weights that have references in doubles and, all but one, golden logits of llama.cpp. Not Kimi Linear's, whose heads
    /// are narrower than the engine takes; a wider one is among the tiny ones.
    /// </summary>
    public static TinyModel[] Referenced { get; } = [.. TinyModel.All.Append(TinyMistral.Model).Where(model => model != TinyKimiLinear.Model)];

    /// <summary>Golden and tiny models: every architecture, every kind of weights.</summary>
    public static string[] All { get; } = [.. Golden, .. s_tiny.Keys, .. Referenced.Select(model => model.Name)];

    /// <summary>Models with latent attention.</summary>
    public static string[] Latent { get; } =
        [.. All.Where(name => name.Contains("kimi", StringComparison.Ordinal) || name.Contains("moonlight", StringComparison.Ordinal) || name.Contains("deepseek", StringComparison.Ordinal))];

    /// <summary>One model an architecture, the smallest.</summary>
    public static string[] OnePerArchitecture { get; } =
        ["g-llama-tied-q", "g-deepseek-v2-lite", "g-grok", "g-qwen3moe-q", "tiny-kimi-linear", .. Referenced.Where(model => model != TinyBaichuan.Rotating).Select(model => model.Name)];

    public static string PathOf(string name) =>
        PublishedModels.OnePerForm.Contains(name) ? PublishedModels.FolderOf(name)
        : Referenced.FirstOrDefault(model => model.Name == name) is { } referenced
            ? s_written.GetOrAdd(name, _ => new Lazy<string>(() => Write(referenced))).Value
            : s_tiny.TryGetValue(name, out var dtype)
                ? PathOf(name, dtype, layers: 4)
                : SharedData.Path("golden-models", $"{name}.gguf");

    /// <summary>A tiny model in some type, with at most so many layers; from seed 1.</summary>
    public static string PathOf(string name, DType dtype, int layers) =>
        s_written.GetOrAdd($"{name}-{dtype}-{layers}", file => new Lazy<string>(() => Write(file, name, dtype, layers))).Value;

    /// <summary>The 64 ids that the golden logits belong to.</summary>
    public static int[] Tokens() =>
        [.. File.ReadAllText(SharedData.Path("golden-models", "tokens.txt")).Split(',', StringSplitOptions.TrimEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    /// <summary>As many ids within a model's vocabulary.</summary>
    public static int[] TokensOf(string name) =>
        PublishedModels.OnePerForm.Contains(name) ? [.. Tokens().Select(id => id % PublishedModels.VocabOf(name))]
        : Referenced.Any(model => model.Name == name) ? [.. Tokens().Select(id => id % TinyGguf.Vocab)] : Tokens();

    /// <summary>Little-endian float32 of a shared file.</summary>
    public static float[] Floats(params string[] parts) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(SharedData.Path(parts))).ToArray();

    /// <summary>Skips the test where the level's products cannot run (AVX-512 is emulated where AVX2 is there).</summary>
    public static void Require(IsaLevel isa)
    {
        if (isa != IsaLevel.Portable && !IsaLevels.IsSupported(IsaLevel.Avx2))
        {
            Assert.Skip($"{isa} needs AVX2, which this processor or runtime lacks");
        }
    }

    public static TheoryData<string> Rows(IEnumerable<string> names) => [.. names];

    public static TheoryData<string, IsaLevel> WithLevels(IEnumerable<string> names)
    {
        var rows = new TheoryData<string, IsaLevel>();
        foreach (var name in names)
        {
            foreach (var isa in Enum.GetValues<IsaLevel>())
            {
                rows.Add(name, isa);
            }
        }

        return rows;
    }

    private static string Write(string file, string name, DType dtype, int layers)
    {
        Assert.True(SynthPreset.TryGet(name, out var preset));
        var path = Path.Combine(s_folder.Value, $"{file}.gguf");
        SynthModel.Write(preset, new SynthOptions { DType = dtype, Seed = 1, Layers = Math.Min(preset.Layers, layers), Threads = 1 }, path);
        return path;
    }

    private static string Write(TinyModel model)
    {
        var path = Path.Combine(s_folder.Value, $"{model.Name}.gguf");
        model.Write(path);
        return path;
    }

    private static string MakeFolder()
    {
        var folder = Directory.CreateTempSubdirectory("crescent-models-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        };
        return folder;
    }
}
