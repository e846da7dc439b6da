using System.Globalization;
using Crescent.Engine.Checkpoints;

namespace Crescent.Cli.Lossy;

/// <summary>
/// A measurement kept in the user's cache folder, one file for each model and setting: a line that names the format, then mean, standard error, tokens and the
/// text's name, a line each. Content of another kind counts as none.
/// </summary>
internal static class LossyMeasurementFile
{
    private const string Format = "crescent lossy 1";
    private const long MostBytes = 4096;

    /// <param name="key">Names model and setting.</param>
    /// <returns>Null where the system names no folder.</returns>
    public static string? PathOf(string key) => CacheFolder.Of("lossy") is { } folder ? Path.Combine(folder, $"{key}.txt") : null;

    public static LossyMeasurement? TryRead(string? path)
    {
        try
        {
            return path is not null && new FileInfo(path) is { Exists: true, Length: <= MostBytes } && File.ReadAllLines(path) is [Format, var mean, var error, var tokens, { Length: > 0 } text]
                && Number(mean) is { } klMean && Number(error) is { } klError && long.TryParse(tokens, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
                ? new LossyMeasurement(klMean, klError, count, Printable(text))
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes the file; false where that fails: the measurement has been printed all the same.</summary>
    public static bool TrySave(string? path, LossyMeasurement measured)
    {
        if (path is null)
        {
            return false;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var partial = $"{path}.{Environment.ProcessId}.partial";
            File.WriteAllLines(partial, [Format, Text(measured.KlMean), Text(measured.KlStandardError), measured.Tokens.ToString(CultureInfo.InvariantCulture), Printable(measured.Text)]);
            File.Move(partial, path, overwrite: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && value >= 0 ? value : null;

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    // A name may hold anything, a terminal's commands among it.
    private static string Printable(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter));
}
