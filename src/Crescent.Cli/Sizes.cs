using System.Globalization;

namespace Crescent.Cli;

/// <summary>Sizes as people read them.</summary>
internal static class Sizes
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static string Format(long bytes)
    {
        double value = bytes;
        var unit = 0;
        for (; value >= 1024 && unit < s_units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(unit == 0 ? "F0" : "F1", CultureInfo.InvariantCulture)} {s_units[unit]}");
    }

    /// <summary>A size as options take it: <c>8GB</c> is 8·10⁹ bytes, <c>8GiB</c> and <c>8G</c> are 8·2³⁰, a bare number is bytes.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        const string Prefixes = "KMGT";
        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        var unit = text[digits..].Trim().ToUpperInvariant();
        bytes = 0;
        var power = unit is "" or "B" ? 0 : Prefixes.IndexOf(unit[0], StringComparison.Ordinal) + 1;
        if (!double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || (power == 0 && unit is not ("" or "B")) || (power > 0 && unit[1..] is not ("" or "B" or "IB")))
        {
            return false;
        }

        var value = number * Math.Pow(power > 0 && unit.EndsWith('B') && !unit.EndsWith("IB", StringComparison.Ordinal) ? 1000 : 1024, power);
        bytes = value < long.MaxValue ? (long)value : -1;
        return bytes >= 0;
    }
}
