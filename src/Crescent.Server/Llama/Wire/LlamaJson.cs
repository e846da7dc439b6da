using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Server.Llama.Wire;

/// <summary>llama-server's JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthReply))]
[JsonSerializable(typeof(TokenizeReply))]
[JsonSerializable(typeof(PiecesReply))]
[JsonSerializable(typeof(DetokenizeReply))]
[JsonSerializable(typeof(TemplateReply))]
[JsonSerializable(typeof(TokenizerReply))]
[JsonSerializable(typeof(PropsReply))]
[JsonSerializable(typeof(IReadOnlyList<SlotReply>))]
[JsonSerializable(typeof(SuccessReply))]
internal sealed partial class LlamaJson : JsonSerializerContext
{
    /// <summary>Text that is not ASCII as it is.</summary>
    public static LlamaJson Relaxed { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
}
