namespace Crescent.Server.OpenAi.Wire;

/// <param name="NCtxTrain">Positions the model was made for.</param>
/// <param name="Size">Bytes of its weights.</param>
internal sealed record ModelMeta(int NVocab, int NCtxTrain, long Size);
