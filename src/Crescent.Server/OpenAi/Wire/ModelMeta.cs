using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <param name="NVocab">Number of its tokens; left out before it is first loaded.</param>
/// <param name="NParams">Number of its weights.</param>
/// <param name="NCtxTrain">Positions the model was made for.</param>
/// <param name="Size">Bytes of its weights.</param>
internal sealed record ModelMeta(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? NVocab,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? NParams,
    int NCtxTrain, long Size);
