using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Server.Responses.Wire;

/// <summary>An answer of <c>/v1/responses</c>, whole or as far as it is. What the request said is repeated in it.</summary>
internal sealed record ResponseReply(string Id, long CreatedAt, string Model)
{
    public const string InProgress = "in_progress";

    [JsonPropertyOrder(-1)]
    public string Object { get; } = "response";

    public string Status { get; init; } = InProgress;

    public bool Background { get; }

    public ResponseError? Error { get; init; }

    public IncompleteDetails? IncompleteDetails { get; init; }

    public string? Instructions { get; init; }

    public int? MaxOutputTokens { get; init; }

    public IReadOnlyList<OutputItem> Output { get; init; } = [];

    public bool ParallelToolCalls { get; init; }

    public string? PreviousResponseId { get; init; }

    public JsonElement? Reasoning { get; init; }

    public bool Store { get; init; }

    public float Temperature { get; init; }

    public JsonElement? Text { get; init; }

    public JsonElement? ToolChoice { get; init; }

    public IReadOnlyList<JsonElement> Tools { get; init; } = [];

    public float TopP { get; init; }

    public string Truncation { get; } = "disabled";

    public ResponseUsage? Usage { get; init; }

    public JsonElement? Metadata { get; init; }
}
