using System.CommandLine;
using System.Globalization;

namespace Crescent.Cli.Options;

/// <summary>Slots of a layer as options take them: numbers, or shares of its experts such as <c>18%</c>.</summary>
internal static class SlotList
{
    public static Option<string> Option(string name, string standard) => new(name)
    {
        Description = $"Slots a layer, as numbers or as shares of its experts, e.g. 12,33 or 18%,36% ({standard}).",
        HelpName = "N[,N…]",
        DefaultValueFactory = _ => standard,
        CustomParser = result => Values.Unmark(result.Tokens[0].Value),
    };

    /// <summary>The numbers of slots, ascending.</summary>
    /// <param name="experts">Of a layer.</param>
    public static int[] Parse(string option, string text, int experts) =>
        [.. text.Split(',').Select(part => Slots(option, part.Trim(), text, experts)).Distinct().Order()];

    private static int Slots(string option, string part, string text, int experts)
    {
        var isShare = part.EndsWith('%');
        var style = isShare ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
        if (double.TryParse(isShare ? part[..^1] : part, style, CultureInfo.InvariantCulture, out var number) && number <= (isShare ? 100 : experts))
        {
            return isShare ? (int)Math.Round(number / 100 * experts) : (int)number;
        }

        throw new CommandFailedException(
            $"{option}: expected 0..{experts} slots or 0..100%, or several separated by commas, found '{text}'", CommandFailedException.WrongUsage);
    }
}
