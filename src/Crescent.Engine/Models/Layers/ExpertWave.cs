using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Models.Layers;

/// <summary>Experts of a layer whose products run together.</summary>
public sealed class ExpertWave(int experts)
{
    private readonly int[] _experts = new int[experts];
    private readonly WeightMatrix[] _matrices = new WeightMatrix[3 * experts];

    public int Count { get; private set; }

    public void Clear() => Count = 0;

    /// <summary>Adds an expert.</summary>
    /// <param name="gate">Its matrices, wherever they are.</param>
    public void Add(int expert, WeightMatrix gate, WeightMatrix up, WeightMatrix down)
    {
        _experts[Count] = expert;
        (_matrices[3 * Count], _matrices[(3 * Count) + 1], _matrices[(3 * Count) + 2]) = (gate, up, down);
        Count++;
    }

    public int Expert(int index) => _experts[index];

    public WeightMatrix Gate(int index) => _matrices[3 * index];

    public WeightMatrix Up(int index) => _matrices[(3 * index) + 1];

    public WeightMatrix Down(int index) => _matrices[(3 * index) + 2];
}
