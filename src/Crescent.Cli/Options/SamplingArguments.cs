using System.CommandLine;
using System.Globalization;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli.Options;

/// <summary>Sampling options; what is left out comes from the model.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<float?> _temperature = Values.Number<float>("--temp", "Temperature; 0 takes the likeliest token.", "--temperature");
    private readonly Option<int?> _topK = Values.Number<int>("--top-k", "Keep the K likeliest tokens; 0 for all.");
    private readonly Option<float?> _topP = Values.Number<float>("--top-p", "Keep the likeliest tokens up to this share of probability.");
    private readonly Option<float?> _minP = Values.Number<float>("--min-p", "Keep tokens of at least this share of the likeliest one's probability.");
    private readonly Option<float?> _typicalP = Values.Number<float>("--typical", "Locally typical sampling up to this share of probability.");
    private readonly Option<float?> _repetition = Values.Number<float>("--repeat-penalty", "Divide the logits of tokens that occurred; 1 for none.");
    private readonly Option<float?> _presence = Values.Number<float>("--presence-penalty", "Subtracted from tokens that occurred.");
    private readonly Option<float?> _frequency = Values.Number<float>("--frequency-penalty", "Subtracted for each occurrence.");
    private readonly Option<int?> _lastN = Values.Number<int>("--repeat-last-n", "Tokens that the penalties look back on; -1 for all.");
    private readonly Option<float?> _dryMultiplier = Values.Number<float>("--dry-multiplier", "DRY: strength; 0 for none.");
    private readonly Option<float?> _dryBase = Values.Number<float>("--dry-base", "DRY: growth with the length of the repetition.");
    private readonly Option<int?> _dryAllowed = Values.Number<int>("--dry-allowed-length", "DRY: repetitions up to this length are free.");
    private readonly Option<int?> _dryLastN = Values.Number<int>("--dry-penalty-last-n", "DRY: tokens to look back on; -1 for all.");
    private readonly Option<string[]> _dryBreakers = Values.Texts("--dry-breaker", "DRY: text that ends a repetition (default: newline, colon, quote, asterisk).");
    private readonly Option<float?> _xtcProbability = Values.Number<float>("--xtc-probability", "XTC: chance of dropping the top choices.");
    private readonly Option<float?> _xtcThreshold = Values.Number<float>("--xtc-threshold", "XTC: probability from which a token is a top choice.");
    private readonly Option<string[]> _bias = Values.Texts("--logit-bias", "ID=BIAS (or ID+BIAS, ID-BIAS) added to a token's logit.");
    private readonly Option<ulong?> _seed = Values.Number<ulong>("--seed", "Seed of the random numbers (default: a new one; the answer's is reported).");

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
    /// <param name="vocab">Tokens that the model gives logits for.</param>
    public SamplingOptions Read(ParseResult parsed, SamplingOptions defaults, Tokenizer tokenizer, int vocab)
    {
        try
        {
            var options = Overrides(parsed, tokenizer).Over(defaults);
            return options.LogitBias.Keys.FirstOrDefault(id => id >= vocab, -1) is >= 0 and var id
                ? throw new CommandFailedException($"--logit-bias: expected token ids below the vocabulary of {vocab}, found {id}", CommandFailedException.WrongUsage)
                : options;
        }
        catch (ArgumentOutOfRangeException exception) when (exception.ParamName is { } property && OptionOf(property) is { } option)
        {
            // The engine names its property; the user knows the option.
            throw new CommandFailedException(
                CommandLine.FirstLine(exception.Message).Replace($"{property}:", $"{option}:", StringComparison.Ordinal), CommandFailedException.WrongUsage);
        }
    }

    private string? OptionOf(string property) => property switch
    {
        nameof(SamplingOptions.Temperature) => _temperature.Name,
        nameof(SamplingOptions.TopK) => _topK.Name,
        nameof(SamplingOptions.TopP) => _topP.Name,
        nameof(SamplingOptions.MinP) => _minP.Name,
        nameof(SamplingOptions.TypicalP) => _typicalP.Name,
        nameof(SamplingOptions.RepetitionPenalty) => _repetition.Name,
        nameof(SamplingOptions.PresencePenalty) => _presence.Name,
        nameof(SamplingOptions.FrequencyPenalty) => _frequency.Name,
        nameof(SamplingOptions.PenaltyLastN) => _lastN.Name,
        nameof(SamplingOptions.DryMultiplier) => _dryMultiplier.Name,
        nameof(SamplingOptions.DryBase) => _dryBase.Name,
        nameof(SamplingOptions.DryAllowedLength) => _dryAllowed.Name,
        nameof(SamplingOptions.DryPenaltyLastN) => _dryLastN.Name,
        nameof(SamplingOptions.XtcProbability) => _xtcProbability.Name,
        nameof(SamplingOptions.XtcThreshold) => _xtcThreshold.Name,
        nameof(SamplingOptions.LogitBias) => _bias.Name,
        _ => null,
    };

    private SamplingOverrides Overrides(ParseResult parsed, Tokenizer tokenizer) => new()
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
        LogitBias = parsed.GetValue(_bias) is { Length: > 0 } biases ? Biases(biases) : null,
        Seed = parsed.GetValue(_seed),
    };

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

    // Given twice for a token, the last one counts.
    private static Dictionary<int, float> Biases(string[] texts)
    {
        var biases = new Dictionary<int, float>();
        foreach (var text in texts)
        {
            var (id, bias) = ParseBias(text);
            biases[id] = bias;
        }

        return biases;
    }

    private static KeyValuePair<int, float> ParseBias(string text)
    {
        var at = text.AsSpan(Math.Min(1, text.Length)).IndexOfAny('=', '+', '-') + 1;
        if (at > 0
            && int.TryParse(text.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && float.TryParse(text.AsSpan(text[at] == '=' ? at + 1 : at), NumberStyles.Float, CultureInfo.InvariantCulture, out var bias))
        {
            return new KeyValuePair<int, float>(id, bias);
        }

        throw new CommandFailedException($"--logit-bias: expected ID=BIAS, found '{text}'", CommandFailedException.WrongUsage);
    }
}
