using Crescent.Engine.Experts.Eviction;
using Crescent.Engine.Experts.Traces;
using Crescent.Engine.Planning;
using Crescent.Kernels;
using Crescent.Kernels.Attention;

namespace Crescent.Cli.Planning;

/// <summary>Which hit rates a plan expects: those of a trace, or the fit h = f^a.</summary>
/// <param name="Routing">Its name in tables.</param>
/// <param name="Exponent">a, or null for the trace.</param>
internal sealed record HitRateSource(string Routing, double? Exponent, RoutingTrace? Trace)
{
    public static IReadOnlyList<HitRateSource> Published { get; } = [.. StreamingBound.Exponents.Select(fit => new HitRateSource(fit.Routing, fit.Exponent, null))];

    /// <summary>Where a layer has fewer slots than a token takes experts the fit does not hold: hits are then as rare as with even routing.</summary>
    public double HitRate(StreamingPlan plan) => plan.Share >= 1 ? 1
        : Trace is { } trace ? RoutingReplay.Run(trace, (int)Math.Round(plan.Share * trace.Experts), EvictionPolicyKind.Gate).HitRate
        : plan.HasTooFewSlots ? plan.Share
        : StreamingBound.HitRate(plan.Share, Exponent ?? 0);
}

/// <summary>All that a plan is asked for.</summary>
/// <param name="Watts">Of the whole machine at work; null where energy is not asked for.</param>
/// <param name="Tariff">Price of a kilowatt hour.</param>
internal sealed record PlanRequest(
    PlannedModel Model,
    DType? ResidentType,
    KvType KvType,
    IReadOnlyList<long> Memory,
    PlanRates Rates,
    IReadOnlyList<HitRateSource> HitRates,
    int ChunkTokens,
    int Context,
    int PromptTokens,
    double? Watts,
    double? Tariff);

/// <summary>Rates of the machine, and where each is from.</summary>
/// <param name="Drive">Bytes a second, a prediction for each.</param>
internal sealed record PlanRates(IReadOnlyList<double> Drive, string DriveSource, double Memory, string MemorySource, double Compute, string ComputeSource)
{
    public const string Given = "given";
    public const string Measured = "measured";

    public MachineRates Of(double drive) => new(drive, Memory, Compute);
}
