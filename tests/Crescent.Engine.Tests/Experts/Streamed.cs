using Crescent.Engine.Experts;
using Crescent.Engine.Models;
using Crescent.Tests.Models;
using Crescent.Tests.Models.Published;

namespace Crescent.Tests.Experts;

/// <summary>Small models with experts, and how they are run with fewer slots than experts.</summary>
internal static class Streamed
{
    /// <summary>One of each attention, router and form of weights.</summary>
    public static string[] Models { get; } =
    [
        "g-kimi-k2", "g-kimi-k2-q4_0", "g-moonlight", "g-deepseek-v3", "g-deepseek-v2-lite", "g-grok", "g-qwen3moe", "g-qwen3moe-q",
        "tiny-kimi-k2-thinking", "tiny-kimi-linear", "tiny-grok-1", "tiny-gpt-oss-20b", .. PublishedModels.OnePerForm,
    ];

    /// <summary>A few of them, for what takes long.</summary>
    public static string[] Few { get; } = ["g-kimi-k2-q4_0", "g-qwen3moe", "tiny-gpt-oss-20b", "tiny-kimi-linear"];

    /// <summary>Memory without a limit, and at most so many slots a layer.</summary>
    public static ExpertStoreOptions Slots(int count) => new() { Memory = 1L << 50, MostSlots = count };

    public static ModelOptions With(this ModelOptions options, ExpertStoreOptions streaming) => options with { Streaming = streaming };

    public static LoadedModel Open(string name, ExpertStoreOptions streaming) => LoadedModel.Open(name, LoadedModel.Plain.With(streaming));

    public static ExpertStore Store(this LoadedModel model) => model.Model.Streaming!.Experts;
}
