using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>OpenAI's JSON: snake_case, nulls written where a type does not say otherwise.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorReply))]
[JsonSerializable(typeof(ChatCompletionReply))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(CompletionReply))]
[JsonSerializable(typeof(ModelReply))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(TokenEstimate))]
[JsonSerializable(typeof(Usage))]
[JsonSerializable(typeof(EmbeddingList))]
internal sealed partial class OpenAiJson : JsonSerializerContext
{
    /// <summary>Text that is not ASCII as it is.</summary>
    public static OpenAiJson Relaxed { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
}
