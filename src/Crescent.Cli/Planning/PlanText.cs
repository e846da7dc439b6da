using System.Globalization;
using Crescent.Cli.Json;

namespace Crescent.Cli.Planning;

/// <summary>Numbers of plans as people read them. Sizes are decimal, as drives and their speeds are.</summary>
internal static class PlanText
{
    public static string Gb(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(bytes < 1e10 ? (bytes / 1e9).ToString("F2", CultureInfo.InvariantCulture) : (bytes / 1e9).ToString("F1", CultureInfo.InvariantCulture))} GB");

    /// <summary>Two digits, or all before the point.</summary>
    public static string Speed(double perSecond) =>
        perSecond.ToString(perSecond < 1 ? "F2" : perSecond < 9.95 ? "F1" : "F0", CultureInfo.InvariantCulture);

    /// <summary>Why a budget does not do, and what would.</summary>
    public static string Refusal(PlanBudgetJson budget) =>
        $"cannot hold what must be resident: expected at least {Gb(budget.LeastMemory)}"
        + (budget.ResidentTypeThatFits is { } type ? $", or --resident-type {type.ToLowerInvariant()}" : "");
}
