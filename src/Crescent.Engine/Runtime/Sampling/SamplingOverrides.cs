namespace Crescent.Engine.Runtime.Sampling;

/// <summary>What a user or a request asks for; null leaves the model's default. See <see cref="SamplingOptions"/> for the meanings.</summary>
public sealed record SamplingOverrides
{
    public float? Temperature { get; init; }

    public int? TopK { get; init; }

    public float? TopP { get; init; }

    public float? MinP { get; init; }

    public float? TypicalP { get; init; }

    public float? RepetitionPenalty { get; init; }

    public float? PresencePenalty { get; init; }

    public float? FrequencyPenalty { get; init; }

    public int? PenaltyLastN { get; init; }

    public float? DryMultiplier { get; init; }

    public float? DryBase { get; init; }

    public int? DryAllowedLength { get; init; }

    public int? DryPenaltyLastN { get; init; }

    public IReadOnlyList<int>? DrySequenceBreakers { get; init; }

    public float? XtcProbability { get; init; }

    public float? XtcThreshold { get; init; }

    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>These values where given, else <paramref name="defaults"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range; the message names the option.</exception>
    public SamplingOptions Over(SamplingOptions defaults) => defaults with
    {
        Temperature = Temperature ?? defaults.Temperature,
        TopK = TopK ?? defaults.TopK,
        TopP = TopP ?? defaults.TopP,
        MinP = MinP ?? defaults.MinP,
        TypicalP = TypicalP ?? defaults.TypicalP,
        RepetitionPenalty = RepetitionPenalty ?? defaults.RepetitionPenalty,
        PresencePenalty = PresencePenalty ?? defaults.PresencePenalty,
        FrequencyPenalty = FrequencyPenalty ?? defaults.FrequencyPenalty,
        PenaltyLastN = PenaltyLastN ?? defaults.PenaltyLastN,
        DryMultiplier = DryMultiplier ?? defaults.DryMultiplier,
        DryBase = DryBase ?? defaults.DryBase,
        DryAllowedLength = DryAllowedLength ?? defaults.DryAllowedLength,
        DryPenaltyLastN = DryPenaltyLastN ?? defaults.DryPenaltyLastN,
        DrySequenceBreakers = DrySequenceBreakers ?? defaults.DrySequenceBreakers,
        XtcProbability = XtcProbability ?? defaults.XtcProbability,
        XtcThreshold = XtcThreshold ?? defaults.XtcThreshold,
        LogitBias = LogitBias ?? defaults.LogitBias,
        Seed = Seed ?? defaults.Seed,
    };
}
