using Crescent.Training.Data;

namespace Crescent.Training.Runs;

/// <summary>What a state says beside its tensors.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Tokens">Tokens trained on.</param>
public sealed record RunProgress(int Step, long Tokens, ulong Seed, DataPosition Data);
