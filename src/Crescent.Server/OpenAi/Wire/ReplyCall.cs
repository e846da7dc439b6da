using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>A tool call, or a piece of one. A stream says id, type and name once, in the piece that opens the call, and leaves them out later.</summary>
internal sealed record ReplyCall
{
    /// <summary>In streams alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    public required ReplyFunction Function { get; init; }

    /// <summary>Names that begin with $ are tools built into Moonshot's service.</summary>
    public static string TypeOf(string name) => name.StartsWith('$') ? "builtin_function" : "function";
}
