using System.Text.Json;

namespace Crescent.Server.Answers;

/// <summary>A call's arguments for APIs that want an object.</summary>
internal static class CallArguments
{
    /// <summary>What the model wrote; an empty object where it wrote nothing, and under the name <c>arguments</c> what is no object.</summary>
    public static JsonElement ToObject(string arguments)
    {
        if (string.IsNullOrWhiteSpace(arguments))
        {
            return JsonDocument.Parse("{}").RootElement;
        }

        try
        {
            if (JsonDocument.Parse(arguments).RootElement is { ValueKind: JsonValueKind.Object } json)
            {
                return json;
            }
        }
        catch (JsonException)
        {
            // The client's tool says better than we can what is missing.
        }

        return JsonDocument.Parse($"{{\"arguments\":\"{JsonEncodedText.Encode(arguments)}\"}}").RootElement;
    }
}
