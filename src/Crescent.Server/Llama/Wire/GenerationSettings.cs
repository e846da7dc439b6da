using System.Text.Json.Serialization;

namespace Crescent.Server.Llama.Wire;

/// <param name="NCtx">Most tokens of prompt and answer; 0 where that is not known.</param>
/// <param name="Params">Left out for a model that is not loaded.</param>
internal sealed record GenerationSettings(int NCtx, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SamplingSettings? Params);
