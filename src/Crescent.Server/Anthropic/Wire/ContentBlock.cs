using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Server.Answers;

namespace Crescent.Server.Anthropic.Wire;

/// <summary>A block of an answer: text, thinking or tool_use, each with its own fields.</summary>
internal sealed record ContentBlock(string Type)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Thinking { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Signature { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Input { get; init; }

    /// <summary>The block as a stream opens it: nothing in it yet.</summary>
    public static ContentBlock Empty(AnswerSection section) => Of(section, "");

    public static ContentBlock Of(AnswerSection section) => Of(section, section.Text);

    private static ContentBlock Of(AnswerSection section, string text) => section.Kind switch
    {
        SectionKind.Reasoning => new ContentBlock("thinking") { Thinking = text, Signature = text.Length > 0 ? ThinkingSignature.Of(text) : "" },
        SectionKind.Call => new ContentBlock("tool_use") { Id = section.CallId, Name = section.CallName, Input = CallArguments.ToObject(text) },
        _ => new ContentBlock("text") { Text = text },
    };
}
