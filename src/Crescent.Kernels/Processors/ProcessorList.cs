using System.Globalization;

namespace Crescent.Kernels.Processors;

/// <summary>Linux' lists of processors and memory nodes, as in <c>0-3,8</c>.</summary>
internal static class ProcessorList
{
    private const int Most = 1 << 16; // above any kernel's limit: a longer range is no list of processors

    /// <summary>The numbers of a list, ascending; empty where the text is none.</summary>
    public static int[] Parse(string? text)
    {
        var numbers = new SortedSet<int>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !TryNumber(ends[0], out var first) || !TryNumber(ends[^1], out var last) || last < first)
            {
                return [];
            }

            numbers.UnionWith(Enumerable.Range(first, last - first + 1));
        }

        return [.. numbers];
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < Most;
}
