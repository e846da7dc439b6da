using System.CommandLine;
using System.Globalization;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli.Options;

/// <summary>Sampling options; what is left out comes from the model.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<float?> _temperature = new("--temp", "--temperature") { Description = "Temperature; 0 takes the likeliest token." };
    private readonly Option<int?> _topK = new("--top-k") { Description = "Keep the K likeliest tokens; 0 for all." };
    private readonly Option<float?> _topP = new("--top-p") { Description = "Keep the likeliest tokens up to this share of probability." };
    private readonly Option<float?> _minP = new("--min-p") { Description = "Keep tokens of at least this share of the likeliest one's probability." };
    private readonly Option<float?> _typicalP = new("--typical") { Description = "Locally typical sampling up to this share of probability." };
    private readonly Option<float?> _repetition = new("--repeat-penalty") { Description = "Divide the logits of tokens that occurred; 1 for none." };
    private readonly Option<float?> _presence = new("--presence-penalty") { Description = "Subtracted from tokens that occurred." };
    private readonly Option<float?> _frequency = new("--frequency-penalty") { Description = "Subtracted for each occurrence." };
    private readonly Option<int?> _lastN = new("--repeat-last-n") { Description = "Tokens that the penalties look back on; -1 for all." };
    private readonly Option<float?> _dryMultiplier = new("--dry-multiplier") { Description = "DRY: strength; 0 for none." };
    private readonly Option<float?> _dryBase = new("--dry-base") { Description = "DRY: growth with the length of the repetition." };
    private readonly Option<int?> _dryAllowed = new("--dry-allowed-length") { Description = "DRY: repetitions up to this length are free." };
    private readonly Option<int?> _dryLastN = new("--dry-penalty-last-n") { Description = "DRY: tokens to look back on; -1 for all." };
    private readonly Option<string[]> _dryBreakers = new("--dry-breaker") { Description = "DRY: text that ends a repetition (default: newline, colon, quote, asterisk)." };
    private readonly Option<float?> _xtcProbability = new("--xtc-probability") { Description = "XTC: chance of dropping the top choices." };
    private readonly Option<float?> _xtcThreshold = new("--xtc-threshold") { Description = "XTC: probability from which a token is a top choice." };
    private readonly Option<string[]> _bias = new("--logit-bias") { Description = "ID=BIAS (or ID+BIAS, ID-BIAS) added to a token's logit." };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Seed of the random numbers (default: a new one; the answer's is reported)." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
        {
            _temperature, _topK, _topP, _minP, _typicalP, _repetition, _presence, _frequency, _lastN, _dryMultiplier, _dryBase, _dryAllowed, _dryLastN,
            _dryBreakers, _xtcProbability, _xtcThreshold, _bias, _seed,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>The model's defaults with the user's options over them.</summary>
    public SamplingOptions Read(ParseResult parsed, SamplingOptions defaults, Tokenizer tokenizer) => new SamplingOverrides
    {
        Temperature = parsed.GetValue(_temperature),
        TopK = parsed.GetValue(_topK),
        TopP = parsed.GetValue(_topP),
        MinP = parsed.GetValue(_minP),
        TypicalP = parsed.GetValue(_typicalP),
        RepetitionPenalty = parsed.GetValue(_repetition),
        PresencePenalty = parsed.GetValue(_presence),
        FrequencyPenalty = parsed.GetValue(_frequency),
        PenaltyLastN = parsed.GetValue(_lastN),
        DryMultiplier = parsed.GetValue(_dryMultiplier),
        DryBase = parsed.GetValue(_dryBase),
        DryAllowedLength = parsed.GetValue(_dryAllowed),
        DryPenaltyLastN = parsed.GetValue(_dryLastN),
        DrySequenceBreakers = parsed.GetValue(_dryMultiplier) > 0 ? Breakers(parsed, tokenizer) : null,
        XtcProbability = parsed.GetValue(_xtcProbability),
        XtcThreshold = parsed.GetValue(_xtcThreshold),
        LogitBias = parsed.GetValue(_bias) is { Length: > 0 } biases ? biases.Select(ParseBias).ToDictionary() : null,
        Seed = parsed.GetValue(_seed),
    }.Over(defaults);

    // A breaker is every token whose text holds it, as llama.cpp does for single tokens.
    private List<int> Breakers(ParseResult parsed, Tokenizer tokenizer)
    {
        var texts = parsed.GetValue(_dryBreakers) is { Length: > 0 } given ? given : ["\n", ":", "\"", "*"];
        var breakers = new List<int>();
        for (var id = 0; id < tokenizer.VocabularySize; id++)
        {
            var bytes = tokenizer.TokenBytes(id);
            foreach (var text in texts)
            {
                if (bytes.IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0)
                {
                    breakers.Add(id);
                    break;
                }
            }
        }

        return breakers;
    }

    private static KeyValuePair<int, float> ParseBias(string text)
    {
        var at = text.AsSpan(1).IndexOfAny('=', '+', '-') + 1;
        if (at > 0
            && int.TryParse(text.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && float.TryParse(text.AsSpan(text[at] == '=' ? at + 1 : at), NumberStyles.Float, CultureInfo.InvariantCulture, out var bias))
        {
            return new KeyValuePair<int, float>(id, bias);
        }

        throw new CommandFailedException($"--logit-bias: expected ID=BIAS, found '{text}'", CommandFailedException.WrongUsage);
    }
}
