using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Text.Templates;

namespace Crescent.Training.Judging;

/// <summary>How an answer compares with what was recorded.</summary>
/// <param name="Called">Whether a tool was called at all.</param>
/// <param name="IsMalformed">
/// Whether a call cannot be carried out: it was cut off, its arguments are no JSON object, no tool on offer has its name, or its markers hold no call.
/// </param>
/// <param name="FitsSchema">Whether there are calls, none malformed, and the arguments of each fit its tool's schema.</param>
/// <param name="RightTool">Whether the tools called are those recorded.</param>
/// <param name="RightArguments">Whether the arguments are too: equal as JSON, whatever the order of keys.</param>
/// <param name="NearlyRightArguments">The same, but for upper and lower case of strings and blanks around them.</param>
public sealed record TurnOutcome(bool Called, bool IsMalformed, bool FitsSchema, bool RightTool, bool RightArguments, bool NearlyRightArguments)
{
    /// <param name="calls">The calls as the answer's reader found them.</param>
    /// <param name="isWhole">Whether the answer ended of itself.</param>
    /// <param name="hasMarkers">Whether the answer holds the marker of a call.</param>
    public static TurnOutcome Of(ToolTurn turn, IReadOnlyList<ToolCall> calls, bool isWhole, bool hasMarkers)
    {
        ArgumentNullException.ThrowIfNull(turn);
        ArgumentNullException.ThrowIfNull(calls);
        var found = calls.Select(call => (call.Name, Schema: turn.ParametersOf(call.Name), Arguments: Parse(call.Arguments))).ToArray();
        var isMalformed = calls.Count == 0 ? hasMarkers : !isWhole || Array.Exists(found, call => call.Schema is null || call.Arguments is null);
        var recorded = turn.Recorded.ToolCalls;
        var rightTool = recorded.Count > 0 && !isMalformed && calls.Select(call => call.Name).SequenceEqual(recorded.Select(call => call.Name));
        return new TurnOutcome(
            calls.Count > 0,
            isMalformed,
            calls.Count > 0 && !isMalformed && Array.TrueForAll(found, call => ArgumentSchema.Fits(call.Schema!.Value, call.Arguments!.Value)),
            rightTool,
            rightTool && found.Zip(recorded).All(pair => JsonElement.DeepEquals(pair.First.Arguments!.Value, JsonElement.Parse(pair.Second.Arguments))),
            rightTool && found.Zip(recorded).All(pair => JsonNode.DeepEquals(Relaxed(pair.First.Arguments!.Value), Relaxed(JsonElement.Parse(pair.Second.Arguments)))));
    }

    // Null where the text is no JSON object.
    private static JsonElement? Parse(string arguments)
    {
        try
        {
            var value = JsonElement.Parse(arguments);
            return value.ValueKind == JsonValueKind.Object ? value : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonNode? Relaxed(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(value.EnumerateObject().DistinctBy(member => member.Name).Select(member => KeyValuePair.Create(member.Name, Relaxed(member.Value)))),
        JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(Relaxed)]),
        JsonValueKind.String => JsonValue.Create(value.GetString()!.Trim().ToLowerInvariant()),
        _ => JsonValue.Create(value),
    };
}
