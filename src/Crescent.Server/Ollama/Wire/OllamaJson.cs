using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Server.Ollama.Wire;

/// <summary>Ollama's JSON: snake_case, what there is not left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OllamaError))]
[JsonSerializable(typeof(OllamaReply))]
[JsonSerializable(typeof(ModelTags))]
[JsonSerializable(typeof(ModelReport))]
[JsonSerializable(typeof(VersionReply))]
[JsonSerializable(typeof(EmbedReply))]
[JsonSerializable(typeof(OneEmbeddingReply))]
internal sealed partial class OllamaJson : JsonSerializerContext
{
    /// <summary>Text that is not ASCII as it is.</summary>
    public static OllamaJson Relaxed { get; } = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });
}
