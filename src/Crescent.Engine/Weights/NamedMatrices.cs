using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Weights;

/// <summary>The matrices of a tensor as a model multiplies with them: one, or one for each expert or head.</summary>
/// <param name="Name">The tensor's GGUF name.</param>
public sealed record NamedMatrices(string Name, IReadOnlyList<WeightMatrix> Matrices);
