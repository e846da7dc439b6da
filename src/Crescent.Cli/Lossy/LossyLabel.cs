using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Engine.Models;

namespace Crescent.Cli.Lossy;

/// <summary>What of a run is lossy and how far it was measured to be from the exact one: shown wherever results are.</summary>
/// <param name="Path">Where the measurement is kept; null for nowhere.</param>
/// <param name="Measured">Null where there is none yet.</param>
internal sealed record LossyLabel(LossyOptions Options, string? Path, LossyMeasurement? Measured)
{
    /// <summary>The label of options with what was measured for them.</summary>
    /// <param name="key">Names model and setting.</param>
    public static LossyLabel Of(LossyOptions options, string key)
    {
        var path = LossyMeasurementFile.PathOf(key);
        return new LossyLabel(options, path, LossyMeasurementFile.TryRead(path));
    }

    /// <summary>What is on, e.g. <c>skip below 0.1 of the top gate</c>.</summary>
    public string Helps => string.Join(", ", new[]
    {
        Options.SkipShare > 0 ? $"skip below {Number(Options.SkipShare)} of the top gate" : null,
        Options.PreferResident > 0 ? $"prefer resident experts within {Number(Options.PreferResident)} of the range of scores" : null,
        Options.CopiesPath is { } copies ? $"copies of {FileName(copies)} on a miss" : null,
    }.OfType<string>());

    /// <summary>The line for people.</summary>
    public string Line => LineOf(ToJson());

    /// <inheritdoc cref="Line"/>
    public static string LineOf(LossyJson lossy) => lossy.KlMean is { } mean
        ? string.Create(CultureInfo.InvariantCulture, $"lossy: {lossy.Helps}, mean KL {mean:F6} ± {lossy.KlStandardError:F6} nats a token (measured on {lossy.KlText}, {lossy.KlTokens} tokens)")
        : $"lossy: {lossy.Helps}, KL not measured yet: crescent perplexity MODEL -f FILE with the same options measures it";

    public LossyJson ToJson() => new(
        Helps,
        Options.SkipShare > 0 ? Decimal(Options.SkipShare) : null,
        Options.PreferResident > 0 ? Decimal(Options.PreferResident) : null,
        Options.CopiesPath,
        Measured?.KlMean,
        Measured?.KlStandardError,
        Measured?.Tokens,
        Measured?.Text);

    private static string FileName(string path) => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(path));

    // The option as it was typed, not the nearest float's 17 digits.
    private static double Decimal(float value) => double.Parse(Number(value), CultureInfo.InvariantCulture);

    private static string Number(float value) => value.ToString(CultureInfo.InvariantCulture);
}
