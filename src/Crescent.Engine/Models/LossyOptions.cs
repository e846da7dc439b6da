namespace Crescent.Engine.Models;

/// <summary>Helps that change what a model computes, so that less is read and multiplied. Each is off unless asked for, and wherever one is on it shows.</summary>
public sealed record LossyOptions
{
    /// <summary>A chosen expert whose gate is below this share of its token's largest gate is not computed; 0 for none.</summary>
    public float SkipShare { get; init; }

    /// <summary>
    /// For generated tokens: an expert in memory takes the place of a chosen one on the drive if its selection score is less than this share of the range of the
    /// token's chosen scores below it; 0 for never.
    /// </summary>
    public float PreferResident { get; init; }

    /// <summary>The same model in smaller types, whose experts are read in the place of missing ones for generated tokens; null for none.</summary>
    public string? CopiesPath { get; init; }

    /// <summary>Whether anything of it changes values.</summary>
    public bool IsOn => SkipShare > 0 || ActsOnAnswers;

    /// <summary>Whether anything of it acts on generated tokens alone, and depends on which experts are in memory.</summary>
    public bool ActsOnAnswers => PreferResident > 0 || CopiesPath is not null;
}
