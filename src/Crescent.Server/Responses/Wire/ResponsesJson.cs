using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Server.Responses.Wire;

/// <summary>The JSON of OpenAI's Responses: snake_case, nulls written where a type does not say otherwise.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ResponseReply))]
[JsonSerializable(typeof(ResponseEvent))]
[JsonSerializable(typeof(InputTokenCount))]
[JsonSerializable(typeof(DeletedResponse))]
internal sealed partial class ResponsesJson : JsonSerializerContext
{
    /// <summary>Text that is not ASCII as it is.</summary>
    public static ResponsesJson Relaxed { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
}
