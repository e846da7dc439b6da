using System.CommandLine;
using System.Globalization;

namespace Crescent.Cli.Options;

/// <summary>An option that takes one positive number or several, separated by commas.</summary>
internal static class RateList
{
    public static Option<double[]> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N[,N…]",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            var text = Values.Unmark(result.Tokens[0].Value);
            var rates = text.Split(',')
                .Select(part => double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) ? rate : 0).ToArray();
            if (rates.All(rate => rate > 0 && double.IsFinite(rate)))
            {
                return [.. rates.Distinct().Order()];
            }

            result.AddError($"{name}: expected a number above 0, or several separated by commas, found '{text}'");
            return [];
        },
    };
}
