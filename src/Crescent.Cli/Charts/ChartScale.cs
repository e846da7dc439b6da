using System.Globalization;

namespace Crescent.Cli.Charts;

/// <summary>Round numbers for axes.</summary>
internal static class ChartScale
{
    private const int MostSteps = 5;

    /// <summary>Ticks from 0 to the first round number that no value exceeds.</summary>
    public static double[] Ticks(double most)
    {
        most = most > 0 ? most : 1;
        var step = Step(most);
        var count = Math.Max(1, (int)Math.Ceiling((most / step) - 1e-9));
        return [.. Enumerable.Range(0, count + 1).Select(i => i * step)];
    }

    /// <summary>Ticks from the last round number that no value is below to the first that none exceeds.</summary>
    public static double[] Ticks(double least, double most)
    {
        if (least == 0 || most <= least)
        {
            return Ticks(most);
        }

        var step = Step(most - least);
        var (first, last) = ((int)Math.Floor((least / step) + 1e-9), (int)Math.Ceiling((most / step) - 1e-9));
        return [.. Enumerable.Range(first, last - first + 1).Select(i => i * step)];
    }

    /// <summary>A number as an axis shows it: 4096 is 4k, 1500 is 1500.</summary>
    public static string Text(double value) => value >= 1024 && value % 1024 == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{value / 1024:0}k")
        : value.ToString("0.###", CultureInfo.InvariantCulture);

    // 1, 2, 2.5 or 5 times a power of ten: the least that takes few enough steps.
    private static double Step(double most)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(most / MostSteps)));
        foreach (var factor in (ReadOnlySpan<double>)[1, 2, 2.5, 5])
        {
            if (most / (factor * power) <= MostSteps + 1e-9)
            {
                return factor * power;
            }
        }

        return 10 * power;
    }
}
