using System.Text.Json;

namespace Crescent.Text.Templates;

/// <summary>A tool as the client declared it: one element of the OpenAI <c>tools</c> list, with <c>type</c> and <c>function</c>.</summary>
public sealed record ToolDefinition(JsonElement Json);
