using System.Text.Json.Serialization;

namespace Crescent.Cli.Json;

/// <param name="Addresses">Where the server listens.</param>
/// <param name="Model">The name of the first model.</param>
/// <param name="Models">Names of all models.</param>
/// <param name="Template">Of a model that is loaded from the beginning, as the context is.</param>
internal sealed record ServeJson(
    IReadOnlyCollection<string> Addresses,
    string Model,
    IReadOnlyList<string> Models,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Template,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Context,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Parallel);
