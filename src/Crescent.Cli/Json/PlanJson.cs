namespace Crescent.Cli.Json;

/// <param name="Type">Of a preset; null for files, which say it themselves.</param>
internal sealed record PlanJson(
    string Model, string? Type, string? ResidentType, PlanRatesJson Rates, PlanModelJson Shape, string HitRates, IReadOnlyList<PlanBudgetJson> Budgets);

/// <param name="DriveGBps">One prediction each.</param>
/// <param name="DriveSource">given, or measured.</param>
internal sealed record PlanRatesJson(
    IReadOnlyList<double> DriveGBps, string DriveSource, double MemoryGBps, string MemorySource, double ComputeGmacs, string ComputeSource);

internal sealed record PlanModelJson(
    IReadOnlyDictionary<string, long> ResidentBytesByRole,
    long ResidentBytes,
    long EmbeddingBytes,
    long ExpertBytes,
    int ExpertLayers,
    int Experts,
    int ExpertsPerToken,
    long ExpertBytesPerToken,
    double MacsPerToken,
    long KvBytesPerToken,
    long StateBytesPerSequence);

/// <param name="LeastMemory">The smallest budget that holds what must be resident.</param>
/// <param name="ResidentTypeThatFits">For <c>--resident-type</c>, where the budget is too small as it is and this would do.</param>
/// <param name="Plan">Null where the budget is too small.</param>
internal sealed record PlanBudgetJson(long Memory, long LeastMemory, string? ResidentTypeThatFits, PlanDivisionJson? Plan)
{
    /// <summary>What a slice of the model did with as many slots a layer; null where none was run.</summary>
    public PlanMeasuredJson? Measured { get; init; }
}

/// <summary>A slice of the model's true shape that was run, and what follows for all of it.</summary>
/// <param name="Layers">Of the slice, the first ones of the model.</param>
/// <param name="Bytes">Of its file.</param>
/// <param name="Memory">That it ran in.</param>
/// <param name="Slots">A layer, as many as the whole model has in its budget.</param>
/// <param name="HitRate">That its random routing had.</param>
/// <param name="PredictedTokensPerSecond">For the slice, at that hit rate.</param>
/// <param name="Whole">All layers at the hit rates that are expected of a trained model: what is predicted, times what the slice reached of its own prediction.</param>
internal sealed record PlanMeasuredJson(
    int Layers,
    int ExpertLayers,
    long Bytes,
    long Memory,
    int Slots,
    double DriveGBps,
    double HitRate,
    double TokensPerSecond,
    double PredictedTokensPerSecond,
    int PrefillTokens,
    double PrefillTokensPerSecond,
    double PredictedPrefillTokensPerSecond,
    IReadOnlyList<PlanWholeJson> Whole,
    double WholePrefillTokensPerSecond);

internal sealed record PlanWholeJson(string Routing, double HitRate, double PredictedTokensPerSecond, double TokensPerSecond);

/// <param name="Slots">A layer.</param>
/// <param name="Share">Of all experts.</param>
internal sealed record PlanDivisionJson(
    long ResidentBytes,
    long ScratchBytes,
    long CacheBytes,
    long RuntimeBytes,
    long MarginBytes,
    long SlotBytes,
    int Slots,
    double Share,
    IReadOnlyList<PlanDecodeJson> Decode,
    IReadOnlyList<PlanPrefillJson> Prefill,
    IReadOnlyList<PlanFirstTokenJson> FirstToken,
    IReadOnlyList<PlanContextJson> Contexts)
{
    /// <summary>Whether a layer has fewer slots than a token takes experts: hits are then luck, and memory helps little.</summary>
    public bool HasTooFewSlots { get; init; }
}

/// <param name="TokensPerSecond">The bound: drive, memory and processor at work at the same time.</param>
/// <param name="SerialTokensPerSecond">Where none works while another does.</param>
/// <param name="ExpectedTokensPerSecond">Where the drive and the rest take turns, as they have in runs so far.</param>
/// <param name="KwhPerMillionTokens">At the bound; null without watts.</param>
/// <param name="CostPerMillionTokens">Null without watts and tariff.</param>
internal sealed record PlanDecodeJson(
    double DriveGBps,
    string Routing,
    double? Exponent,
    double HitRate,
    double DriveBytesPerToken,
    double DriveSeconds,
    double MemorySeconds,
    double ComputeSeconds,
    double TokensPerSecond,
    double SerialTokensPerSecond,
    double ExpectedTokensPerSecond,
    double? KwhPerMillionTokens,
    double? CostPerMillionTokens);

/// <param name="ColdTokensPerSecond">With empty slots.</param>
internal sealed record PlanPrefillJson(
    double DriveGBps, int ChunkTokens, double DistinctExpertsPerLayer, double ColdDriveBytes, double ColdTokensPerSecond, double WarmTokensPerSecond);

internal sealed record PlanFirstTokenJson(double DriveGBps, int PromptTokens, int ChunkTokens, double ColdSeconds, double WarmSeconds);

/// <param name="Slots">A layer, once so many tokens are in the cache.</param>
internal sealed record PlanContextJson(int Tokens, long Bytes, int Slots);
