using System.Text.Json;

namespace Crescent.Text.Tokenizers;

/// <summary>Opens JSON documents of untrusted files.</summary>
internal static class JsonReading
{
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, string where)
    {
        if (json.Span.StartsWith("\uFEFF"u8))
        {
            json = json[3..];
        }

        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException exception)
        {
            throw new TokenizerException($"{where} is not JSON: {exception.Message}", exception);
        }
    }
}
