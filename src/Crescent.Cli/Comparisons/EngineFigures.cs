using Crescent.Cli.Json;

namespace Crescent.Cli.Comparisons;

/// <summary>What one run of a program reported.</summary>
/// <param name="Prefill">Tokens a second of each repeat; empty where it was not asked for.</param>
/// <param name="Decode">Tokens a second of each repeat; empty where it was not asked for.</param>
/// <param name="Version">Version and commit, as far as the report tells.</param>
/// <param name="BytesPerToken">Bytes of weights that a decoded token reads, where the program tells.</param>
/// <param name="Model">The model, where the program tells.</param>
internal sealed record EngineFigures(IReadOnlyList<double> Prefill, IReadOnlyList<double> Decode, string? Version, double? BytesPerToken = null, BenchModelJson? Model = null);
