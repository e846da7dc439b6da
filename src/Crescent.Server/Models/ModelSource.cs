namespace Crescent.Server.Models;

/// <summary>A model that can be loaded.</summary>
/// <param name="Bytes">Memory that it takes once it is loaded.</param>
/// <param name="Load">Loads it; its exceptions tell clients why it cannot.</param>
public sealed record ModelSource(ModelFacts Facts, long Bytes, Func<LoadedModel> Load);
