namespace Crescent.Cli.Json;

internal sealed record RoutingSynthJson(string Path, long Bytes, int Layers, int Experts, int TopK, long Tokens, double Skew, double Drift, int Seed);

/// <param name="Complete">Whether the recording ended in order.</param>
internal sealed record RoutingSimulationJson(
    string Path, int Layers, int Experts, int TopK, long Tokens, bool Complete, int Warmup, IReadOnlyList<RoutingHitsJson> Results);

/// <param name="Slots">A layer.</param>
/// <param name="Uses">Distinct experts of all counted steps and layers.</param>
/// <param name="FirstUses">Uses that no policy could have kept: of experts that their layer had never used before.</param>
internal sealed record RoutingHitsJson(string Policy, int Slots, double HitRate, long Uses, long Hits, long FirstUses);
