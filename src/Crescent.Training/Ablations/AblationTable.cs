using System.Globalization;
using System.Text;

namespace Crescent.Training.Ablations;

/// <summary>Results as a table: means over seeds, and differences seed by seed from the variant that each is compared with.</summary>
public static class AblationTable
{
    public static string Write(AblationFamily family, IReadOnlyList<AblationResult> results)
    {
        ArgumentNullException.ThrowIfNull(family);
        var text = new StringBuilder();
        text.Append("Loss is the mean held-out loss, nats a token: mean over seeds ± standard deviation. Differences are taken seed by seed: mean ± standard error.\n\n");
        text.Append("| variant | what | seeds | weights, active | loss | difference from | | rounded to INT4 adds | largest logit | heads clipped | busiest expert | tokens/s |\n");
        text.Append("|---|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|\n");
        foreach (var variant in family.Variants)
        {
            var runs = results.Where(result => result.Variant == variant.Name).ToArray();
            if (runs.Length > 0)
            {
                text.Append(Row(variant, runs, Compared(family, variant, results))).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Row(AblationVariant variant, AblationResult[] runs, (string Name, double[] Differences) compared)
    {
        var rounded = runs.All(run => run.RoundedLoss is not null) ? Spread([.. runs.Select(run => run.RoundedLoss!.Value - run.Loss)], isError: true, signed: true) : "–";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {variant.Name} | {variant.About} | {runs.Length} | {runs[0].Weights / 1e6:F2} M, {runs[0].ActiveWeights / 1e6:F2} M | {Spread([.. runs.Select(run => run.Loss)], false, false)} | {compared.Name} | {Spread(compared.Differences, true, true)} | {rounded} | {runs.Max(run => run.LargestLogit):F1} | {runs.Average(run => run.ClippedHeads):F0} | {runs.Average(run => run.BusiestExpert):F2} | {runs.Average(run => run.TokensPerSecond):F0} |");
    }

    private static (string Name, double[] Differences) Compared(AblationFamily family, AblationVariant variant, IReadOnlyList<AblationResult> results)
    {
        var name = variant.Against ?? family.Variants[0].Name;
        double[] differences = name == variant.Name ? [] :
        [
            .. from run in results
               where run.Variant == variant.Name
               join other in results.Where(result => result.Variant == name) on run.Seed equals other.Seed
               select run.Loss - other.Loss,
        ];
        return (differences.Length == 0 ? "" : name, differences);
    }

    /// <summary>Mean, and the standard deviation or the standard error of the mean where there is more than one value.</summary>
    private static string Spread(double[] values, bool isError, bool signed)
    {
        if (values.Length == 0)
        {
            return "";
        }

        var mean = values.Average();
        var deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / Math.Max(1, values.Length - 1));
        var spread = isError ? deviation / Math.Sqrt(values.Length) : deviation;
        return mean.ToString(signed ? "+0.0000;-0.0000;0.0000" : "0.0000", CultureInfo.InvariantCulture) + (values.Length > 1 ? spread.ToString(" ± 0.0000", CultureInfo.InvariantCulture) : "");
    }
}
