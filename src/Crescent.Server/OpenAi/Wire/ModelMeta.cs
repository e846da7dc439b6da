using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <param name="NParams">Number of its weights.</param>
/// <param name="NCtxTrain">Positions the model was made for.</param>
/// <param name="Size">Bytes of its weights.</param>
internal sealed record ModelMeta(int NVocab, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? NParams, int NCtxTrain, long Size);
