using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Crescent.Kernels;

namespace Crescent.Cli.Options;

/// <summary>Options by the kind of their value. Errors name the option, what it expects and what was found.</summary>
internal static class Values
{
    /// <summary>
    /// Put before every free text ahead of parsing, and taken off here: without it the parser would read an empty text as none, and go on to the next word.
    /// </summary>
    public const char TextMark = '\u0001';

    public static Option<string?> Text(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, CustomParser = result => Unmark(result.Tokens[0].Value) };

    public static Option<string[]> Texts(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => [.. result.Tokens.Select(token => Unmark(token.Value))],
        DefaultValueFactory = _ => [],
    };

    public static Option<T?> Number<T>(string name, string description, params string[] aliases)
        where T : struct, INumber<T> => new(name, aliases) { Description = description, CustomParser = result => ParseNumber<T>(result, name) };

    public static Option<T> Number<T>(string name, T standard, string description, params string[] aliases)
        where T : struct, INumber<T> => new(name, aliases)
        {
            Description = description,
            CustomParser = result => ParseNumber<T>(result, name) ?? standard,
            DefaultValueFactory = _ => standard,
        };

    /// <summary>A number of bytes, with or without a unit.</summary>
    public static Option<long?> Size(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result =>
        {
            var text = Unmark(result.Tokens[0].Value);
            if (Sizes.TryParse(text, out var bytes) && bytes > 0)
            {
                return bytes;
            }

            result.AddError($"{name}: expected a size such as 40GB, 40GiB or 40G, found '{text}'");
            return null;
        },
    };

    public static Option<string> Choice(string name, string standard, string description, params string[] choices) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', choices),
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            var value = result.Tokens[0].Value;
            if (!choices.Contains(value))
            {
                result.AddError($"{name}: expected one of {string.Join(", ", choices)}, found '{value}'");
            }

            return value;
        },
    };

    /// <summary>A tensor type by its name, upper or lower case.</summary>
    /// <param name="isAllowed">The types that the option takes.</param>
    public static DType TensorType(string option, string name, Func<DType, bool> isAllowed)
    {
        foreach (var layout in DTypes.All)
        {
            if (string.Equals(layout.Name, name, StringComparison.OrdinalIgnoreCase) && isAllowed(layout.DType))
            {
                return layout.DType;
            }
        }

        throw new CommandFailedException(
            $"{option}: expected one of {string.Join(", ", DTypes.All.Where(layout => isAllowed(layout.DType)).Select(layout => layout.Name.ToLowerInvariant()))}, found '{name}'",
            CommandFailedException.WrongUsage);
    }

    /// <summary>A count that must not be 0 or less, where it is given.</summary>
    public static int? AtLeastOne(string option, int? value) =>
        value is not < 1 ? value : throw new CommandFailedException($"{option}: expected at least 1, found {value}", CommandFailedException.WrongUsage);

    public static int InRange(string option, int least, int most, int value) =>
        value >= least && value <= most
            ? value
            : throw new CommandFailedException($"{option}: expected {least}..{most}, found {value}", CommandFailedException.WrongUsage);

    public static string Unmark(string text) => text is [TextMark, ..] ? text[1..] : text;

    private static T? ParseNumber<T>(ArgumentResult result, string name)
        where T : struct, INumber<T>
    {
        var text = Unmark(result.Tokens[0].Value);
        var whole = T.IsZero(T.One / (T.One + T.One));
        if (T.TryParse(text, whole ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        result.AddError($"{name}: expected a {(whole ? "whole " : "")}number, found '{text}'");
        return null;
    }
}
