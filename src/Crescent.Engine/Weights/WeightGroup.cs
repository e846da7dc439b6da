using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Weights;

/// <summary>The matrices over the bytes of one tensor. They leave the mapped file together.</summary>
public sealed class WeightGroup
{
    private readonly List<WeightMatrix> _matrices = [];
    private readonly List<WeightStorage> _storages = [];

    /// <summary>Matrices that are multiplied; tables whose rows are looked up keep reading the file.</summary>
    public IReadOnlyList<WeightMatrix> Matrices => _matrices;

    /// <summary>Where their codes lie, and their scales if those are apart.</summary>
    public IReadOnlyList<WeightStorage> Storages => _storages;

    /// <summary>Whether rows are read as well, once there are panels: products go along both axes.</summary>
    public bool KeepsRows { get; internal set; }

    /// <summary>Bytes in the file.</summary>
    public long Bytes => _storages.Sum(storage => storage.Mapped.Length);

    internal void Add(WeightMatrix matrix, params ReadOnlySpan<WeightStorage?> storages)
    {
        _matrices.Add(matrix);
        foreach (var storage in storages)
        {
            if (storage is not null && !_storages.Contains(storage))
            {
                _storages.Add(storage);
            }
        }
    }
}
