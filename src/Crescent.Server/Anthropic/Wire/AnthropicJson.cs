using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Server.Anthropic.Wire;

/// <summary>Anthropic's JSON: snake_case, nulls written where a type does not say otherwise.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorMessage))]
[JsonSerializable(typeof(MessageReply))]
[JsonSerializable(typeof(MessageEvent))]
[JsonSerializable(typeof(MessageDeltaEvent))]
[JsonSerializable(typeof(TokenCount))]
[JsonSerializable(typeof(ModelPage))]
[JsonSerializable(typeof(ModelEntry))]
[JsonSerializable(typeof(ContentBlock))]
internal sealed partial class AnthropicJson : JsonSerializerContext
{
    /// <summary>Text that is not ASCII as it is.</summary>
    public static AnthropicJson Relaxed { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
}
