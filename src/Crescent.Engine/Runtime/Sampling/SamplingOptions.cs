using System.Numerics;
using System.Runtime.CompilerServices;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>
/// How the next token is chosen. Every default is "off": plain sampling from the model's distribution. The steps run in llama.cpp's
/// default order: bias, penalties, DRY, top-k, typical, top-p, min-p, XTC, temperature (so truncation sees the distribution at temperature 1).
/// </summary>
public sealed record SamplingOptions
{
    private const float MostPenalty = 100;

    /// <summary>Divides the logits; 0 takes the most likely token (after bias, penalties and DRY), the lowest id on ties.</summary>
    public float Temperature { get; init => field = Within(value, 0f, 100f); } = 1;

    /// <summary>Keeps the k most likely tokens; 0 keeps all.</summary>
    public int TopK { get; init => field = Within(value, 0, int.MaxValue); }

    /// <summary>Keeps the most likely tokens until their probabilities reach this sum; 1 keeps all.</summary>
    public float TopP { get; init => field = Within(value, 0f, 1f); } = 1;

    /// <summary>Keeps tokens at least this fraction as likely as the most likely one; 0 keeps all.</summary>
    public float MinP { get; init => field = Within(value, 0f, 1f); }

    /// <summary>Keeps the tokens whose information is nearest the entropy, until their probabilities pass this sum; 1 keeps all (Meister et al. 2022).</summary>
    public float TypicalP { get; init => field = Within(value, 0f, 1f); } = 1;

    /// <summary>Divides a positive logit, multiplies a negative one, of every token in the window; 1 is off (Keskar et al. 2019).</summary>
    public float RepetitionPenalty { get; init => field = Within(value, 0.01f, MostPenalty); } = 1;

    /// <summary>Subtracted once from the logit of every token in the window (OpenAI).</summary>
    public float PresencePenalty { get; init => field = Within(value, -MostPenalty, MostPenalty); }

    /// <summary>Subtracted from a token's logit for every time it is in the window (OpenAI).</summary>
    public float FrequencyPenalty { get; init => field = Within(value, -MostPenalty, MostPenalty); }

    /// <summary>Tokens of history that the three penalties see; −1 is all, 0 none.</summary>
    public int PenaltyLastN { get; init => field = Within(value, -1, int.MaxValue); } = 64;

    /// <summary>DRY: a token that would extend a repetition of n tokens loses multiplier · base^(n − allowed length); 0 is off.</summary>
    public float DryMultiplier { get; init => field = Within(value, 0f, MostPenalty); }

    public float DryBase { get; init => field = Within(value, 1f, MostPenalty); } = 1.75f;

    /// <summary>Repetitions shorter than this many tokens are free.</summary>
    public int DryAllowedLength { get; init => field = Within(value, 1, int.MaxValue); } = 2;

    /// <summary>Tokens of history that DRY sees; −1 is all, 0 none.</summary>
    public int DryPenaltyLastN { get; init => field = Within(value, -1, int.MaxValue); } = -1;

    /// <summary>Tokens that a repetition does not reach across (newline, quotes …), by id.</summary>
    public IReadOnlyList<int> DrySequenceBreakers { get; init => field = Ids(value); } = [];

    /// <summary>XTC: with this probability, of the tokens above the threshold only the least likely stays.</summary>
    public float XtcProbability { get; init => field = Within(value, 0f, 1f); }

    /// <summary>Probability from which a token counts as one of XTC's top choices; above 0.5 XTC does nothing.</summary>
    public float XtcThreshold { get; init => field = Within(value, 0f, 1f); } = 0.1f;

    /// <summary>Added to the logits of these ids before anything else; −∞ bans a token.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init => field = Biases(value); } = new Dictionary<int, float>();

    /// <summary>The same seed, options and logits give the same tokens on every machine; null draws a seed.</summary>
    public ulong? Seed { get; init; }

    private static T Within<T>(T value, T least, T most, [CallerMemberName] string option = "")
        where T : INumber<T> =>
        value >= least && value <= most
            ? value
            : throw new ArgumentOutOfRangeException(option, value, $"{option}: expected {least}..{most}, found {value}");

    private static IReadOnlyList<int> Ids(IReadOnlyList<int> ids, [CallerMemberName] string option = "") =>
        ids.All(id => id >= 0) ? ids : throw new ArgumentOutOfRangeException(option, $"{option}: expected token ids from 0, found {ids.Min()}");

    private static IReadOnlyDictionary<int, float> Biases(IReadOnlyDictionary<int, float> biases, [CallerMemberName] string option = "")
    {
        foreach (var (id, bias) in biases)
        {
            if (id < 0 || float.IsNaN(bias) || float.IsPositiveInfinity(bias))
            {
                throw new ArgumentOutOfRangeException(option, $"{option}: expected token ids from 0 with a finite bias or -infinity, found {id}: {bias}");
            }
        }

        return biases;
    }
}
