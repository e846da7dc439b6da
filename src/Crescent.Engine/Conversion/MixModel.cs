namespace Crescent.Engine.Conversion;

/// <summary>What a <see cref="QuantizationMix"/> must know of the model beside the tensor at hand.</summary>
/// <param name="Layers">Blocks of the model; rules ask for the first and last eighth of them.</param>
/// <param name="Experts">Experts a layer, 0 or 1 where it has none.</param>
/// <param name="QueryHeadsPerKeyHead">Query heads that share a key head: with 4 or more, keys and values are small and deserve more bits.</param>
/// <param name="HasImportance">Whether importance weights will be used.</param>
/// <param name="IsTied">Whether the embedding is the head too.</param>
public sealed record MixModel(int Layers, int Experts = 0, int QueryHeadsPerKeyHead = 1, bool HasImportance = false, bool IsTied = false);
