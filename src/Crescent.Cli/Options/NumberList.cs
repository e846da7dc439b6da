using System.CommandLine;
using System.Globalization;

namespace Crescent.Cli.Options;

/// <summary>Options that take one number or several, separated by commas; <c>k</c> multiplies by 1024.</summary>
internal static class NumberList
{
    public static Option<int[]> Option(string name, int[] standard, int least, int most, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = "N[,N…]",
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            var text = Values.Unmark(result.Tokens[0].Value);
            var numbers = text.Split(',').Select(Parse).ToArray();
            if (numbers.All(number => number >= least && number <= most))
            {
                return [.. numbers.Select(number => (int)number!).Distinct().Order()];
            }

            result.AddError($"{name}: expected {least}..{most}, or several separated by commas, found '{text}'");
            return standard;
        },
    };

    private static long? Parse(string text)
    {
        var factor = text.EndsWith('k') ? 1024 : 1;
        return int.TryParse(factor > 1 ? text[..^1] : text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? (long)number * factor : null;
    }
}
