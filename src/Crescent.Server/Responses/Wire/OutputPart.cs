using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Server.Answers;

namespace Crescent.Server.Responses.Wire;

/// <summary>Text of an item: output_text of a message, or reasoning_text.</summary>
internal sealed record OutputPart(string Type, string Text)
{
    /// <summary>Of output_text alone, where clients look for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<JsonElement>? Annotations { get; init; }

    /// <inheritdoc cref="Annotations"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<JsonElement>? Logprobs { get; init; }

    public static OutputPart Of(SectionKind kind, string text) =>
        kind == SectionKind.Reasoning ? new OutputPart("reasoning_text", text) : new OutputPart("output_text", text) { Annotations = [], Logprobs = [] };
}
