using System.Globalization;

namespace Crescent.Server.Security;

/// <summary>
/// A file with a key a line, each with its limits after it: <c>KEY tokens-per-minute=60000 tokens-per-day=2000000 cost-per-day=5 requests-per-minute=30</c>. Empty lines
/// and those that begin with # are none.
/// </summary>
internal static class ApiKeyFile
{
    private const char Separator = '=';

    /// <exception cref="ArgumentException">It holds no key, a limit that is none, or a key twice.</exception>
    public static ApiKeys Read(string path)
    {
        var keys = new List<(string Key, KeyLimits Limits)>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0][0] == '#')
            {
                continue;
            }

            // The key itself is told nowhere.
            try
            {
                keys.Add((words[0], words.Skip(1).Aggregate(KeyLimits.None, With)));
            }
            catch (FormatException exception)
            {
                throw new ArgumentException($"{path}, line {number}: {exception.Message}", exception);
            }
        }

        return keys.Count == 0 ? throw new ArgumentException($"{path}: expected an API key a line, found none")
            : keys.Select(key => key.Key).Distinct(StringComparer.Ordinal).Count() < keys.Count ? throw new ArgumentException($"{path}: expected each key once, found one twice")
            : new ApiKeys(keys);
    }

    private static KeyLimits With(KeyLimits limits, string word)
    {
        var equals = word.IndexOf(Separator);
        var (name, value) = equals < 0 ? (word, "") : (word[..equals], word[(equals + 1)..]);
        return name switch
        {
            "requests-per-minute" => limits with { RequestsPerMinute = (int)Whole(name, value, int.MaxValue) },
            "tokens-per-minute" => limits with { TokensPerMinute = Whole(name, value, long.MaxValue) },
            "tokens-per-day" => limits with { TokensPerDay = Whole(name, value, long.MaxValue) },
            "cost-per-day" => limits with { CostPerDay = Amount(name, value) },
            _ => throw new FormatException("expected requests-per-minute=, tokens-per-minute=, tokens-per-day= or cost-per-day= after the key, found another word"),
        };
    }

    private static long Whole(string name, string value, long most) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : throw new FormatException($"{name}: expected a whole number from 1, found '{value}'");

    private static double Amount(string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"{name}: expected a number above 0, found '{value}'");
}
