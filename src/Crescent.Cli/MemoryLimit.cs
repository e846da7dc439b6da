using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Models;

namespace Crescent.Cli;

/// <summary>What <c>--memory</c> means for a model: all of it in memory where it fits, else experts from the drive; refused where not even the rest fits.</summary>
internal static class MemoryLimit
{
    /// <summary>The runtime, its compiled code, the tokenizer.</summary>
    public const long RuntimeBytes = 160L << 20;

    private const int ScratchShare = 24; // of the memory, for the scratch of one step
    private const int MostStepTokens = 4096;

    private const double SmallestBitsPerWeight = 4.5; // of a type that --resident-type would choose

    /// <summary>Options without streaming where the whole model fits, else with it.</summary>
    /// <exception cref="CommandFailedException">The model is larger than the memory, and has no experts that could stay on the drive.</exception>
    public static ModelOptions Apply(Checkpoint checkpoint, ModelOptions options)
    {
        if (options.Streaming is not { } streaming)
        {
            return options;
        }

        // A sixteenth for scratch and caches; those of a long context take from what is left.
        var hasExperts = checkpoint.Tensors.Keys.Any(name => TensorRole.Of(name) == TensorRole.Experts);
        var fits = Estimate(checkpoint.TotalBytes) + RuntimeBytes <= streaming.Memory;
        if (fits && (streaming.MostSlots == 0 || !hasExperts))
        {
            // Nothing is missing, so nothing is done about it.
            var lossy = options.Lossy is { SkipShare: > 0 } ? options.Lossy with { PreferResident = 0, CopiesPath = null } : null;
            return options with { Streaming = null, MemoryLimit = streaming.Memory, Lossy = lossy };
        }

        return hasExperts
            ? options with { MaxBatchTokens = StepTokens(checkpoint.Metadata, streaming.Memory, options.MaxBatchTokens) }
            : throw new CommandFailedException(
                $"--memory {Sizes.Format(streaming.Memory)}: the model has {Sizes.Format(checkpoint.TotalBytes)} of weights and no experts that could be read as they are needed: expected at least {Sizes.Format(Estimate(checkpoint.TotalBytes) + RuntimeBytes)}");
    }

    /// <summary>Memory of a model with this many bytes of weights, scratch and caches of short conversations among it.</summary>
    public static long Estimate(long weights) => weights + (weights / 16);

    // A prompt's chunk reads most experts of every layer, however long it is: the larger the better, as long as its scratch leaves the slots alone.
    private static int StepTokens(GgufMetadata metadata, long memory, int standard)
    {
        if (standard != ModelOptions.StandardBatchTokens || !metadata.TryGetString("general.architecture", out var architecture))
        {
            return standard;
        }

        var (hidden, width, chosen) = (Number("embedding_length"), Number("expert_feed_forward_length"), Number("expert_used_count"));
        var rowBytes = sizeof(float) * ((chosen * ((3L * width) + hidden)) + (12L * hidden));
        return rowBytes <= 0 ? standard : (int)Math.Clamp(memory / ScratchShare / rowBytes / 64 * 64, 64, MostStepTokens);

        int Number(string key) => metadata.TryGetInt32($"{architecture}.{key}", out var value) ? value : 0;
    }

    /// <exception cref="CommandFailedException">What every token needs does not fit.</exception>
    public static void Check(string path, LanguageModel model, ModelOptions options)
    {
        if (model.Streaming is not { } streaming)
        {
            return;
        }

        var others = RuntimeBytes + streaming.Experts.Budget.Margin + (streaming.ScratchRowBytes * Math.Min(options.MaxBatchTokens, 64)) + streaming.Experts.LeastSlotBytes;
        var needed = model.ResidentBytes + others;
        if (needed > streaming.Experts.Budget.Limit)
        {
            var smallest = others + (long)(model.ResidentWeights / 8 * SmallestBitsPerWeight);
            throw new CommandFailedException(
                $"--memory {Sizes.Format(streaming.Experts.Budget.Limit)}: {path} needs at least {Sizes.Format(needed)}: {Sizes.Format(model.ResidentBytes)} of weights that every token needs, and {Sizes.Format(others)} for the program, scratch and one expert a layer"
                + (smallest < needed * 0.95 ? $"; with --resident-type q4_0 about {Sizes.Format(smallest)}" : ""));
        }
    }
}
