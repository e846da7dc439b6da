using System.Text.Json.Serialization;

namespace Crescent.Server.Status.Wire;

/// <summary>snake_case; what is not known is left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusReply))]
internal sealed partial class StatusJson : JsonSerializerContext;
