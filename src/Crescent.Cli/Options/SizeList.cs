using System.CommandLine;

namespace Crescent.Cli.Options;

/// <summary>An option that takes one size or several, separated by commas.</summary>
internal static class SizeList
{
    public static Option<long[]> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE[,SIZE…]",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            var text = Values.Unmark(result.Tokens[0].Value);
            var sizes = text.Split(',').Select(part => Sizes.TryParse(part.Trim(), out var bytes) ? bytes : 0).ToArray();
            if (sizes.All(bytes => bytes > 0))
            {
                return [.. sizes.Distinct().Order()];
            }

            result.AddError($"{name}: expected a size such as 40GB or 40GiB, or several separated by commas, found '{text}'");
            return [];
        },
    };
}
