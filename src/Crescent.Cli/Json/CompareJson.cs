namespace Crescent.Cli.Json;

internal sealed record CompareJson(string Ours, string Peer, IReadOnlyList<CompareTestJson> Tests, IReadOnlyList<string> Files);

/// <param name="Ratio">Ours over the peer's, of each pair.</param>
/// <param name="OurBandwidthShare">Null for prefill.</param>
/// <param name="PeerBandwidthShare">Null for prefill.</param>
internal sealed record CompareTestJson(
    string Test, BenchRangeJson Ours, BenchRangeJson Peer, BenchRangeJson Ratio, double RatioOfMedians, double? OurBandwidthShare, double? PeerBandwidthShare);
