namespace Crescent.Training.Data;

/// <summary>A corpus in the mixture.</summary>
/// <param name="Name">As <see cref="Corpora"/> knows it, or <c>synthetic</c>.</param>
/// <param name="Weight">Its part of the tokens, relative to the others'.</param>
/// <param name="Most">Most examples; null for all. Of <c>synthetic</c>: how many are made.</param>
public sealed record SourceOptions(string Name, double Weight, int? Most = null);
