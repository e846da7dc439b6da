namespace Crescent.Cli.Json;

/// <summary>A rendered prompt and its ids.</summary>
internal sealed record RenderJson(string Prompt, int[] Ids);
