using System.IO.Enumeration;

namespace Crescent.Server.Prices;

/// <summary>What somebody takes for a million tokens of a model.</summary>
public sealed record HostedPrice
{
    private const double Unit = 1e6; // tokens

    /// <summary>Whose price it is.</summary>
    public required string Name { get; init; }

    /// <summary>Names of models that it is compared with; <c>*</c> stands for any characters, <c>?</c> for one.</summary>
    public required string Model { get; init; }

    public required double Prompt { get; init; }

    /// <summary>Of prompt tokens that were found in the cache; null for no less than others.</summary>
    public double? Cached { get; init; }

    public required double Completion { get; init; }

    public bool IsFor(string model) => FileSystemName.MatchesSimpleExpression(Model, model);

    /// <summary>The prompt counts once, whatever the number of answers to it.</summary>
    public double Of(int prompt, int cached, int completion) => (((prompt - cached) * Prompt) + (cached * (Cached ?? Prompt)) + (completion * Completion)) / Unit;
}
