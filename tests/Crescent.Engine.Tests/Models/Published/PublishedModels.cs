using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Crescent.Tests.Reference.Tiny;

namespace Crescent.Tests.Models.Published;

/// <summary>All small models in published form, each written once a run.</summary>
internal static class PublishedModels
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> s_folders = new();
    private static readonly ConcurrentDictionary<string, Lazy<float[]>> s_expected = new();
    private static readonly Lazy<string> s_root = new(MakeRoot);

    /// <summary>Grok-1 as released: pickles.</summary>
    public const string Grok1Pickles = "grok-1-pickles";

    /// <summary>Grok-2 as released: bfloat16, cut over ranks.</summary>
    public const string Grok2Parallel = "grok-2-parallel";

    public static PublishedModel[] All { get; } =
    [
        PlainModels.Llama31, PlainModels.Qwen2, PlainModels.Qwen3, PlainModels.Mistral, PlainModels.Baichuan7B, PlainModels.Baichuan13B, PlainModels.KimiLinear,
        LatentModels.KimiK2, LatentModels.KimiK2Brain, LatentModels.KimiK2Float8, LatentModels.KimiK2Thinking, LatentModels.DeepSeek3, LatentModels.DeepSeek3Float8,
        LatentModels.Moonlight, LatentModels.DeepSeek2Lite, GoldenModels.Qwen3Moe, GptOssModels.Model, Grok1Models.BlockSparse, Grok1Models.MoeBlock,
        Grok1Models.Transformer, Grok2Models.Model,
    ];

    /// <summary>One of each form that matrices are published in.</summary>
    public static string[] OnePerForm { get; } =
        [LatentModels.KimiK2Float8.Name, LatentModels.KimiK2Thinking.Name, GptOssModels.Model.Name, Grok1Pickles, Grok2Parallel];

    public static PublishedModel Named(string name) => All.Single(model => model.Name == name);

    /// <summary>The model's folder.</summary>
    public static string FolderOf(string name) => s_folders.GetOrAdd(name, _ => new Lazy<string>(() => Write(name))).Value;

    /// <summary>Logits of its reference over the values in its folder: [tokens, vocab].</summary>
    public static float[] ExpectedOf(string name) => s_expected.GetOrAdd(name, _ => new Lazy<float[]>(() => Expected(name))).Value;

    public static int VocabOf(string name) => name is Grok1Pickles or Grok2Parallel ? TinyGguf.Vocab : Named(name).Vocab;

    public static int[] TokensOf(string name) => name is Grok1Pickles or Grok2Parallel ? TinyModel.Tokens : Named(name).Tokens;

    /// <summary>Logits that llama.cpp has for the same values.</summary>
    public static float[] GoldenOf(string name) => name switch
    {
        _ when Named(name).Golden is { } golden => TestModels.Floats("golden-models", $"{golden}.logits.f32"),
        "llama-3.1" => Tiny("tiny-llama-3.1"),
        "qwen2" => Tiny("tiny-qwen-2"),
        "qwen3" => Tiny("tiny-qwen-3"),
        "baichuan-7b" => Tiny("tiny-baichuan-rope"),
        "baichuan-13b" => Tiny("tiny-baichuan-alibi"),
        "kimi-linear" => Tiny("reference-kimi-linear"),
        _ => throw new ArgumentException($"{name}: no golden logits", nameof(name)),
    };

    private static float[] Tiny(string name) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "tiny-models", $"{name}.logits.f32"))).ToArray();

    private static string Write(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(s_root.Value, name)).FullName;
        switch (name)
        {
            case Grok1Pickles:
                TinyGrok1.Write(Directory.CreateDirectory(Path.Combine(folder, "ckpt-0")).FullName);
                break;
            case Grok2Parallel:
                Grok2Models.WriteParallel(folder, PublishedModel.Brain);
                break;
            default:
                Named(name).Write(folder);
                break;
        }

        return folder;
    }

    private static float[] Expected(string name) => name switch
    {
        Grok1Pickles => Rounded(new Reference.Grok1Reference(TinyGrok1.Config, TinyGrok1.Read).Logits(TinyModel.Tokens)),
        Grok2Parallel => Grok2Models.Model.Expected(FolderOf(name)),
        _ => Named(name).Expected(FolderOf(name)),
    };

    private static float[] Rounded(double[][] logits) => [.. logits.SelectMany(row => row).Select(value => (float)value)];

    private static string MakeRoot()
    {
        var folder = Directory.CreateTempSubdirectory("crescent-published-").FullName;
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
