using System.Globalization;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Server.Http;

namespace Crescent.Server.OpenAi;

/// <summary>Reads the sampling fields that OpenAI, llama-server and evaluation harnesses send.</summary>
internal static class SamplingReader
{
    private const int MostBiases = 4096;
    private const double MostTemperature = 2;
    private const double MostPenalty = 2;
    private const double MostBias = 100;

    public static SamplingOverrides Read(in JsonFields body) => new()
    {
        Temperature = body.Single("temperature", 0, MostTemperature),
        TopP = body.Single("top_p", 0, 1),
        TopK = body.Count("top_k", -1) is { } topK ? Math.Max(0, topK) : null,
        MinP = body.Single("min_p", 0, 1),
        TypicalP = body.Single("typical_p", 0, 1),
        RepetitionPenalty = body.Single("repetition_penalty", 0.01, 100) ?? body.Single("repeat_penalty", 0.01, 100),
        PresencePenalty = body.Single("presence_penalty", -MostPenalty, MostPenalty),
        FrequencyPenalty = body.Single("frequency_penalty", -MostPenalty, MostPenalty),
        PenaltyLastN = body.Count("repeat_last_n", -1),
        DryMultiplier = body.Single("dry_multiplier", 0, 100),
        DryBase = body.Single("dry_base", 1, 100),
        DryAllowedLength = body.Count("dry_allowed_length", 1),
        DryPenaltyLastN = body.Count("dry_penalty_last_n", -1),
        XtcProbability = body.Single("xtc_probability", 0, 1),
        XtcThreshold = body.Single("xtc_threshold", 0, 1),
        LogitBias = Biases(body),
        Seed = body.Integer("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : null,
    };

    /// <summary>A string or a list of strings; empty ones stop nothing.</summary>
    public static IReadOnlyList<string> Stops(in JsonFields body, string name, int most)
    {
        if (body.Get(name) is not { } value)
        {
            return [];
        }

        var path = body.PathOf(name);
        var stops = value.ValueKind == System.Text.Json.JsonValueKind.String
            ? [JsonFields.TextOf(value, path)]
            : JsonFields.ListOf(value, path, most).Select((stop, index) => JsonFields.TextOf(stop, $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]")).ToArray();
        return [.. stops.Where(stop => stop.Length > 0)];
    }

    private static Dictionary<int, float>? Biases(in JsonFields body)
    {
        if (body.Object("logit_bias") is not { } map)
        {
            return null;
        }

        var biases = new Dictionary<int, float>();
        foreach (var property in map.Element.EnumerateObject())
        {
            var path = map.PathOf(property.Name);
            if (!int.TryParse(property.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                throw ApiException.Invalid(path, "expected a token id as the key");
            }

            biases[id] = (float)JsonFields.NumberOf(property.Value, path, -MostBias, MostBias);
        }

        return biases.Count <= MostBiases ? biases : throw ApiException.Invalid("logit_bias", $"expected at most {MostBiases} tokens, found {biases.Count}");
    }
}
