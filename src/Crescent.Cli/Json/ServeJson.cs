namespace Crescent.Cli.Json;

/// <param name="Addresses">Where the server listens.</param>
internal sealed record ServeJson(IReadOnlyCollection<string> Addresses, string Model, string Template, int Context, int Parallel);
