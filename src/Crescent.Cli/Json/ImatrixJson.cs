namespace Crescent.Cli.Json;

/// <param name="Tensors">Tensors that were measured.</param>
/// <param name="Chunks">Contexts that were run.</param>
/// <param name="Partial">Tensors of which some experts saw no token.</param>
internal sealed record ImatrixJson(string Out, int Tensors, int Chunks, long Tokens, int Context, IReadOnlyList<ImatrixPartialJson> Partial);

internal sealed record ImatrixPartialJson(string Name, int Seen, int Matrices);
