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
}
