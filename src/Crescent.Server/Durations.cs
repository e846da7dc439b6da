using System.Buffers;
using System.Globalization;

namespace Crescent.Server;

/// <summary>Durations as Go writes them and people type them: <c>90s</c>, <c>1h30m</c>, <c>500ms</c>; a bare number is seconds, and what is below 0 has no end.</summary>
public static class Durations
{
    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789.");
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(40); // more than timers take, and no different from no end

    /// <param name="time">The duration; <see cref="Timeout.InfiniteTimeSpan"/> for one without an end.</param>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        var isNegative = text.StartsWith('-');
        var rest = text.AsSpan(isNegative ? 1 : 0);
        var seconds = 0.0;
        if (rest.IsEmpty)
        {
            return false;
        }

        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(s_number);
            var number = digits < 0 ? rest : rest[..digits];
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || Unit(rest[number.Length..], out var length) is not { } unit)
            {
                return false;
            }

            seconds += count * unit;
            rest = rest[(number.Length + length)..];
        }

        time = FromSeconds(isNegative ? -seconds : seconds);
        return !isNegative || seconds > 0;
    }

    /// <summary>Below 0: without an end.</summary>
    public static TimeSpan FromSeconds(double seconds) => seconds < 0 || seconds > s_longest.TotalSeconds ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    // Seconds of the unit that a text begins with; null where it begins with none.
    private static double? Unit(ReadOnlySpan<char> text, out int length)
    {
        var end = text.IndexOfAny(s_number);
        var name = end < 0 ? text : text[..end];
        length = name.Length;
        return name switch
        {
            "" or "s" => 1,
            "ms" => 1e-3,
            "m" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => null,
        };
    }
}
