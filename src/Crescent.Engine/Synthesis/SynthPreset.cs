using System.Diagnostics.CodeAnalysis;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>
/// A model's real shape under the name of the command line, and a small one of the same structure as <c>tiny-…</c>: few layers, rows of whole
/// 256-blocks, but as many experts as the router takes at once.
/// </summary>
public sealed class SynthPreset
{
    private const string Tiny = "tiny-";

    private static readonly Dictionary<string, SynthPreset> s_presets = All().ToDictionary(preset => preset.Name);

    private SynthPreset(string name, string title, SynthShape shape) => (Name, Title, Shape) = (name, title, shape);

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => s_presets.Keys;

    /// <summary>The name on the command line.</summary>
    public string Name { get; }

    /// <summary>The model's own name, for <c>general.name</c>.</summary>
    public string Title { get; }

    /// <summary>Layers of the whole model.</summary>
    public int Layers => Shape.Layers;

    /// <summary>Routed experts that a token takes in a layer; 0 where there are none.</summary>
    public int ExpertsUsed => Shape.ExpertsUsed;

    internal SynthShape Shape { get; }

    public static bool TryGet(string name, [NotNullWhen(true)] out SynthPreset? preset) => s_presets.TryGetValue(name, out preset);

    private static IEnumerable<SynthPreset> All()
    {
        var kimi = Kimi();
        var moonlight = Moonlight();
        var deepSeek = DeepSeekV3();
        var linear = KimiLinear();
        var grok = Grok();
        var qwen = Qwen();
        var gptOss = GptOss();
        var llama = Llama();
        yield return new SynthPreset("kimi-k2", "Kimi K2 Instruct", kimi);
        yield return new SynthPreset("kimi-k2-thinking", "Kimi K2 Thinking", Thinking(kimi));
        yield return new SynthPreset("moonlight", "Moonlight 16B A3B Instruct", moonlight);
        yield return new SynthPreset("kimi-linear-48b-a3b", "Kimi Linear 48B A3B Instruct", linear);
        yield return new SynthPreset("deepseek-v3", "DeepSeek V3", deepSeek);
        yield return new SynthPreset("grok-1", "Grok-1", grok);
        yield return new SynthPreset("qwen3-30b-a3b", "Qwen3 30B A3B", qwen);
        yield return new SynthPreset("gpt-oss-20b", "gpt-oss 20b", gptOss);
        yield return new SynthPreset("llama-3.2-1b", "Llama 3.2 1B Instruct", llama);

        const int Context = 4096;
        // The latent keeps its 512 and the heads are a multiple of four: ik_llama.cpp refuses any other deepseek2 of this form.
        var tinyKimi = kimi with
        {
            Layers = 3,
            Hidden = 256,
            Heads = 4,
            QueryRank = 256,
            DenseWidth = 512,
            Experts = 16,
            ExpertWidth = 256,
            Vocabulary = () => SynthVocabulary.Kimi(768),
        };
        yield return new SynthPreset(Tiny + "kimi-k2", "Tiny Kimi K2 Instruct", tinyKimi);
        yield return new SynthPreset(Tiny + "kimi-k2-thinking", "Tiny Kimi K2 Thinking", Thinking(tinyKimi));
        // 27 layers stay: by that number llama.cpp knows a deepseek2 without query compression.
        yield return new SynthPreset(Tiny + "moonlight", "Tiny Moonlight Instruct", moonlight with
        {
            Hidden = 256,
            Heads = 4,
            DenseWidth = 512,
            Experts = 8,
            ExpertWidth = 256,
            Vocabulary = () => SynthVocabulary.Kimi(768),
        });
        // Six layers: delta attention before and after a latent layer, and a latent layer at the end.
        yield return new SynthPreset(Tiny + "kimi-linear", "Tiny Kimi Linear Instruct", linear with
        {
            Layers = 6,
            Hidden = 256,
            Heads = 4,
            DenseWidth = 512,
            Experts = 16,
            ExpertWidth = 256,
            Vocabulary = () => SynthVocabulary.Kimi(768),
        });
        yield return new SynthPreset(Tiny + "deepseek-v3", "Tiny DeepSeek V3", deepSeek with
        {
            Layers = 5,
            Hidden = 256,
            Heads = 4,
            QueryRank = 256,
            DenseWidth = 512,
            Experts = 32,
            ExpertWidth = 256,
            Vocabulary = () => SynthVocabulary.DeepSeekV3(words: 960, placeholders: 30, total: 1024),
        });
        yield return new SynthPreset(Tiny + "grok-1", "Tiny Grok-1", grok with
        {
            Layers = 2,
            Hidden = 256,
            // Readers of the release take heads of 128 values; llama.cpp takes queries as wide as the hidden size.
            Heads = 2,
            KvHeads = 1,
            ExpertWidth = 512,
            Context = Context,
            Vocabulary = () => SynthVocabulary.Grok(1024),
        });
        yield return new SynthPreset(Tiny + "qwen3-30b-a3b", "Tiny Qwen3 A3B", qwen with
        {
            Layers = 2,
            Hidden = 256,
            Heads = 4,
            KvHeads = 2,
            DenseWidth = 512,
            Experts = (16, 8, 256),
            Context = Context,
            Vocabulary = () => SynthVocabulary.Qwen(960, 1024),
        });
        // A window that small texts leave behind.
        yield return new SynthPreset(Tiny + "gpt-oss-20b", "Tiny gpt-oss", gptOss with
        {
            Layers = 2,
            Hidden = 256,
            Heads = 8,
            KvHeads = 2,
            Window = 24,
            Experts = 8,
            ExpertWidth = 256,
            Vocabulary = () => SynthVocabulary.GptOss(768, 1024),
        });
        yield return new SynthPreset(Tiny + "llama-3.2-1b", "Tiny Llama 3.2 Instruct", llama with
        {
            Layers = 2,
            Hidden = 256,
            Heads = 4,
            KvHeads = 2,
            DenseWidth = 512,
            Vocabulary = () => SynthVocabulary.Llama3(768),
        });
    }

    // The model cards' configurations: the numbers of each release's config.json.
    private static MlaShape Kimi() => new()
    {
        Architecture = "deepseek2",
        ModelType = "kimi_k2",
        ClassName = "DeepseekV3ForCausalLM",
        Release = DType.F8_E4M3,
        Layers = 61,
        DenseLayers = 1,
        Hidden = 7168,
        Heads = 64,
        QueryRank = 1536,
        KvRank = 512,
        DenseWidth = 18432,
        Experts = 384,
        TopK = 8,
        SharedExperts = 1,
        ExpertWidth = 2048,
        ExpertScale = 2.827f,
        RopeBase = 50000,
        Yarn = (32, 1, 1),
        Context = 131072,
        Epsilon = 1e-6f,
        Vocabulary = () => SynthVocabulary.Kimi(163584),
    };

    private static MlaShape Thinking(MlaShape kimi) => kimi with { Release = DType.INT4_G32, Yarn = (64, 1, 1), Context = 262144, Epsilon = 1e-5f };

    private static MlaShape Moonlight() => new()
    {
        Architecture = "deepseek2",
        ModelType = "deepseek_v3",
        ClassName = "DeepseekV3ForCausalLM",
        Layers = 27,
        DenseLayers = 1,
        Hidden = 2048,
        Heads = 16,
        QueryRank = 0,
        KvRank = 512,
        DenseWidth = 11264,
        Experts = 64,
        TopK = 6,
        SharedExperts = 2,
        ExpertWidth = 1408,
        ExpertScale = 2.446f,
        RopeBase = 50000,
        Context = 8192,
        Epsilon = 1e-5f,
        Vocabulary = () => SynthVocabulary.Kimi(163584),
    };

    private static KimiLinearShape KimiLinear() => new()
    {
        Architecture = "kimi-linear",
        ModelType = "kimi_linear",
        ClassName = "KimiLinearForCausalLM",
        Layers = 27,
        DenseLayers = 1,
        Hidden = 2304,
        Heads = 32,
        KvRank = 512,
        HeadDim = 128,
        DenseWidth = 9216,
        Experts = 256,
        TopK = 8,
        SharedExperts = 1,
        ExpertWidth = 1024,
        ExpertScale = 2.446f,
        RopeBase = 10000,
        Context = 1048576,
        Epsilon = 1e-5f,
        Vocabulary = () => SynthVocabulary.Kimi(163584),
    };

    private static MlaShape DeepSeekV3() => new()
    {
        Architecture = "deepseek2",
        ModelType = "deepseek_v3",
        ClassName = "DeepseekV3ForCausalLM",
        Release = DType.F8_E4M3,
        Layers = 61,
        DenseLayers = 3,
        Hidden = 7168,
        Heads = 128,
        QueryRank = 1536,
        KvRank = 512,
        DenseWidth = 18432,
        Experts = 256,
        TopK = 8,
        SharedExperts = 1,
        ExpertWidth = 2048,
        ExpertScale = 2.5f,
        Groups = (8, 4),
        RopeBase = 10000,
        Yarn = (40, 32, 1),
        Context = 163840,
        Epsilon = 1e-6f,
        Vocabulary = () => SynthVocabulary.DeepSeekV3(words: 128000, placeholders: 798, total: 129280),
    };

    private static GrokShape Grok() => new()
    {
        Architecture = "grok",
        ModelType = "grok-1",
        ClassName = "Grok1ModelForCausalLM",
        Layers = 64,
        Hidden = 6144,
        Heads = 48,
        KvHeads = 8,
        HeadDim = 128,
        Experts = 8,
        TopK = 2,
        ExpertWidth = 32768,
        RopeBase = 10000,
        Context = 8192,
        Epsilon = 1e-5f,
        Vocabulary = () => SynthVocabulary.Grok(131072),
    };

    private static GqaShape Qwen() => new()
    {
        Architecture = "qwen3moe",
        ModelType = "qwen3_moe",
        ClassName = "Qwen3MoeForCausalLM",
        Layers = 48,
        Hidden = 2048,
        Heads = 32,
        KvHeads = 4,
        HeadDim = 128,
        DenseWidth = 6144,
        Experts = (128, 8, 768),
        RopeBase = 1_000_000,
        Context = 40960,
        Epsilon = 1e-6f,
        Vocabulary = () => SynthVocabulary.Qwen(151643, 151936),
    };

    private static GptOssShape GptOss() => new()
    {
        Architecture = "gpt-oss",
        ModelType = "gpt_oss",
        ClassName = "GptOssForCausalLM",
        Release = DType.MXFP4_SPLIT,
        Layers = 24,
        Hidden = 2880,
        Heads = 64,
        KvHeads = 8,
        HeadDim = 64,
        Window = 128,
        Experts = 32,
        TopK = 4,
        ExpertWidth = 2880,
        RopeBase = 150_000,
        Context = 131072,
        Epsilon = 1e-5f,
        Vocabulary = () => SynthVocabulary.GptOss(199998, 201088),
    };

    private static GqaShape Llama() => new()
    {
        Architecture = "llama",
        ModelType = "llama",
        ClassName = "LlamaForCausalLM",
        Layers = 16,
        Hidden = 2048,
        Heads = 32,
        KvHeads = 8,
        HeadDim = 64,
        DenseWidth = 8192,
        RopeFactor = 32,
        RopeBase = 500_000,
        Context = 131072,
        Epsilon = 1e-5f,
        Vocabulary = () => SynthVocabulary.Llama3(128000),
    };
}
