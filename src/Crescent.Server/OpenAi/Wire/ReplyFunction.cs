using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <param name="Arguments">JSON as text.</param>
internal sealed record ReplyFunction([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Arguments);
