namespace Crescent.Server.Llama.Wire;

internal sealed record GenerationSettings(int NCtx, SamplingSettings Params);
