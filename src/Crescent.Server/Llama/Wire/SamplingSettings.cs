using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Server.Llama.Wire;

internal sealed record SamplingSettings(
    float Temperature, int TopK, float TopP, float MinP, float TypicalP, float RepeatPenalty, float PresencePenalty, float FrequencyPenalty, int RepeatLastN,
    float DryMultiplier, float XtcProbability)
{
    public static SamplingSettings Of(SamplingOptions options) => new(
        options.Temperature, options.TopK, options.TopP, options.MinP, options.TypicalP, options.RepetitionPenalty, options.PresencePenalty, options.FrequencyPenalty,
        options.PenaltyLastN, options.DryMultiplier, options.XtcProbability);
}
