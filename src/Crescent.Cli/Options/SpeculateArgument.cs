using System.CommandLine;
using System.Globalization;
using Crescent.Engine.Runtime.Speculation;

namespace Crescent.Cli.Options;

/// <summary>Whether tokens are guessed from the text so far and computed ahead.</summary>
internal sealed class SpeculateArgument
{
    private const string Auto = "auto";
    private const string Off = "off";

    private readonly Option<string> _option = new("--speculate")
    {
        Description = "Guess tokens from the text so far and check several in a step; answers stay the same: auto (where it pays), off, or the most to guess at a time.",
        HelpName = "auto|off|N",
        DefaultValueFactory = _ => Auto,
    };

    public void AddTo(Command command) => command.Add(_option);

    /// <summary>Null where nothing is to be guessed.</summary>
    public SpeculationOptions? Read(ParseResult parsed)
    {
        var value = parsed.GetValue(_option)!;
        if (value is Auto or Off)
        {
            return value == Auto ? new SpeculationOptions() : null;
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most is >= 1 and <= SpeculationOptions.LargestMostTokens
            ? new SpeculationOptions { MostTokens = most, IsAdaptive = false }
            : throw new CommandFailedException($"--speculate: expected auto, off or 1..{SpeculationOptions.LargestMostTokens}, found '{value}'", CommandFailedException.WrongUsage);
    }
}
