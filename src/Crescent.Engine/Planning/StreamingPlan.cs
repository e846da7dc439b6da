namespace Crescent.Engine.Planning;

/// <summary>How a budget of memory is divided, and what speed that allows.</summary>
public sealed record StreamingPlan
{
    /// <summary>The runtime with its compiled code, and the tokenizer.</summary>
    public const long RuntimeBytes = 160L << 20;

    private const int MarginShare = 64; // one byte in so many stays free
    private const int LeastLayers = 2; // whose chosen experts must be in memory at once: one that computes, one that is read

    private StreamingPlan(ModelFootprint model, StreamingPlanOptions options)
    {
        (Model, Options) = (model, options);
        var fixedBytes = FixedBytes(model, options);
        SlotBytes = Math.Max(0, options.Memory - fixedBytes);
        Slots = model.SlotBytes == 0 ? 0 : (int)Math.Min(model.Experts, SlotBytes / model.SlotBytes);
    }

    public ModelFootprint Model { get; }

    public StreamingPlanOptions Options { get; }

    public long MarginBytes => Options.Memory / MarginShare;

    public long ScratchBytes => Model.ScratchBytesPerToken * Options.ChunkTokens;

    /// <summary>Keys and values of <see cref="StreamingPlanOptions.Context"/> tokens, and the state of a sequence.</summary>
    public long CacheBytes => CacheBytesAt(Model, Options.Context);

    /// <summary>Bytes left for experts.</summary>
    public long SlotBytes { get; }

    /// <summary>Experts of a layer that fit.</summary>
    public int Slots { get; }

    /// <summary>Share of a layer's experts that fits; 1 for a model without experts.</summary>
    public double Share => Model.Experts == 0 ? 1 : (double)Slots / Model.Experts;

    /// <summary>Whether a layer has fewer slots than a token takes experts: what one token leaves is pushed out before the next comes, and a hit is luck.</summary>
    public bool HasTooFewSlots => Model.Experts > 0 && Slots < Model.ExpertsUsed;

    /// <exception cref="NotSupportedException">What must be resident does not fit.</exception>
    public static StreamingPlan Make(ModelFootprint model, StreamingPlanOptions options)
    {
        var least = LeastBytes(model, options);
        return options.Memory >= least ? new StreamingPlan(model, options) : throw new NotSupportedException(
            FormattableString.Invariant($"{options.Memory / 1e9:F1} GB cannot hold what must be resident: expected at least {least / 1e9:F1} GB"));
    }

    /// <summary>The smallest budget that holds what must be resident, and two layers' chosen experts.</summary>
    public static long LeastBytes(ModelFootprint model, StreamingPlanOptions options)
    {
        var chosen = model.ExpertLayers.Count == 0 ? 0 : Math.Min(LeastLayers, model.ExpertLayers.Count) * model.ExpertsUsed * model.ExpertLayers.Max(layer => layer.ExpertBytes);
        var needed = FixedBytes(model, options with { Memory = 0 }) + chosen;
        return (long)Math.Ceiling(needed * (double)MarginShare / (MarginShare - 1));
    }

    /// <summary>The budget that leaves so many slots a layer.</summary>
    public static long BytesFor(ModelFootprint model, StreamingPlanOptions options, int slots) =>
        (long)Math.Ceiling((FixedBytes(model, options with { Memory = 0 }) + (slots * model.SlotBytes)) * (double)MarginShare / (MarginShare - 1));

    /// <summary>Keys and values of so many tokens, and the state of their sequence.</summary>
    public static long CacheBytesAt(ModelFootprint model, int tokens) => (model.Cache.BytesPerToken * tokens) + model.Cache.StateBytes;

    /// <summary>A generated token.</summary>
    /// <param name="hitRate">Share of its experts that are resident.</param>
    public StepTime Decode(double hitRate, MachineRates rates) => StreamingBound.Decode(
        Model.ExpertBytesPerToken, Model.ResidentBytes, hitRate, Model.MacsPerToken, rates);

    /// <summary>Bytes that a token's missing experts take from the drive.</summary>
    public double DriveBytesPerToken(double hitRate) => (1 - hitRate) * Model.ExpertBytesPerToken;

    /// <summary>A chunk of a prompt.</summary>
    /// <param name="isCold">Whether the slots are still empty.</param>
    public StepTime Prefill(int tokens, bool isCold, MachineRates rates) => Prefill(tokens, isCold ? 0 : Share, rates);

    /// <param name="hitRate">Share of the chunk's distinct experts that are resident.</param>
    /// <inheritdoc cref="Prefill(int, bool, MachineRates)"/>
    public StepTime Prefill(int tokens, double hitRate, MachineRates rates) => StreamingBound.Prefill(
        DistinctBytes(tokens), Model.ResidentBytes, hitRate, Model.MacsPerToken * tokens, rates);

    /// <summary>Bytes of the distinct experts that so many tokens are expected to use.</summary>
    public double DistinctBytes(int tokens) =>
        Model.ExpertLayers.Sum(layer => layer.Experts * layer.ExpertBytes * StreamingBound.DistinctShare(Model.ExpertsUsed, layer.Experts, tokens));

    /// <summary>Distinct experts of a layer that so many tokens are expected to use.</summary>
    public double DistinctExperts(int tokens) => Model.Experts == 0 ? 0 : Model.Experts * StreamingBound.DistinctShare(Model.ExpertsUsed, Model.Experts, tokens);

    /// <summary>Seconds until a prompt's first token: chunk after chunk, the first with empty slots where the start is cold.</summary>
    public double SecondsToFirstToken(int promptTokens, bool isCold, MachineRates rates)
    {
        var (chunks, rest) = (promptTokens / Options.ChunkTokens, promptTokens % Options.ChunkTokens);
        var seconds = 0.0;
        for (var i = 0; i < chunks + (rest > 0 ? 1 : 0); i++)
        {
            seconds += Prefill(i < chunks ? Options.ChunkTokens : rest, isCold && i == 0, rates).Seconds;
        }

        return seconds;
    }

    private static long FixedBytes(ModelFootprint model, StreamingPlanOptions options) =>
        RuntimeBytes + (options.Memory / MarginShare) + model.ResidentBytes + (model.ScratchBytesPerToken * options.ChunkTokens) + CacheBytesAt(model, options.Context);
}
