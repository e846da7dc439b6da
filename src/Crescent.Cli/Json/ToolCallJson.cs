namespace Crescent.Cli.Json;

/// <summary>A call the model made, its arguments as it wrote them.</summary>
internal sealed record ToolCallJson(string Id, string Name, string Arguments);
