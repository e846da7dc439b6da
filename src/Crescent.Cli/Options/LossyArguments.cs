using System.CommandLine;
using Crescent.Cli.Hub;
using Crescent.Engine.Models;

namespace Crescent.Cli.Options;

/// <summary>Helps that change what a model computes: off unless asked for.</summary>
internal sealed class LossyArguments
{
    private const double MostPreference = 100;

    public Option<double?> Skip { get; } = Number("--lossy-skip", "SHARE", "Changes results: do not compute experts whose gate is below this share (0..1) of the token's largest.");

    public Option<double?> PreferResident { get; } = Number(
        "--lossy-prefer-resident",
        "BONUS",
        "Changes results, with --memory: for generated tokens, take experts in memory instead of ones on the drive whose scores are better by less than this share of the range of the token's chosen scores; the best stay.");

    public Option<string?> Copies { get; } = new("--lossy-copies")
    {
        Description = "Changes results, with --memory: for generated tokens, read missing experts from this copy of the model in smaller types (crescent quantize). A file, a folder or a name in the store.",
        HelpName = "MODEL",
    };

    public void AddTo(Command command)
    {
        command.Add(Copies);
        command.Add(Skip);
        command.Add(PreferResident);
    }

    /// <summary>What was asked for; null for nothing.</summary>
    /// <param name="isLimited">Whether memory is.</param>
    public LossyOptions? Read(ParseResult parsed, bool isLimited)
    {
        var lossy = new LossyOptions { SkipShare = InRange(parsed, Skip, 1), PreferResident = InRange(parsed, PreferResident, MostPreference), CopiesPath = parsed.GetValue(Copies) is { } copies ? ModelPath.Resolve(copies) : null };
        if (lossy.ActsOnAnswers && !isLimited)
        {
            throw new CommandFailedException($"{(lossy.CopiesPath is null ? PreferResident.Name : Copies.Name)}: expected --memory with it, found none: without, all experts are in memory", CommandFailedException.WrongUsage);
        }

        return lossy.IsOn ? lossy : null;
    }

    private static Option<double?> Number(string name, string unit, string description)
    {
        var option = Values.Number<double>(name, description);
        option.HelpName = unit;
        return option;
    }

    private static float InRange(ParseResult parsed, Option<double?> option, double most) =>
        parsed.GetValue(option) is not { } value ? 0
        : value >= 0 && value <= most ? (float)value
        : throw new CommandFailedException($"{option.Name}: expected 0..{most}, found {value}", CommandFailedException.WrongUsage);
}
