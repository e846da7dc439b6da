using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Emitted;

/// <summary>
/// Memory of its own for the panels of matrices, in huge pages. A packed matrix gives the same bits as before, and faster: products read one stream
/// in order. Products may run while it is packed.
/// </summary>
public sealed unsafe class PanelStorage : IDisposable
{
    private readonly WeightMatrix[] _matrices;
    private AlignedBuffer<byte>? _panels;

    private PanelStorage(WeightMatrix[] matrices) => _matrices = matrices;

    /// <summary>Storage for matrices that can be packed; null where one cannot.</summary>
    public static PanelStorage? Create(IEnumerable<WeightMatrix> matrices)
    {
        ArgumentNullException.ThrowIfNull(matrices);
        WeightMatrix[] all = [.. matrices];
        return all.Length > 0 && Array.TrueForAll(all, matrix => matrix.PanelBytes > 0) ? new PanelStorage(all) : null;
    }

    /// <summary>Bytes that the panels take.</summary>
    public long Bytes => _matrices.Sum(matrix => matrix.PanelBytes);

    /// <summary>Packs all matrices; from each on, products read its panels. Returns whether it came to the end.</summary>
    /// <param name="forget">Whether to hand the mapped pages back as they have been read: for memory that has no room for both.</param>
    public bool Pack(CancellationToken cancellation, bool forget = false)
    {
        if (_panels is not null)
        {
            return true;
        }

        var panels = new AlignedBuffer<byte>(Bytes, clear: false);
        var target = panels.Address;
        foreach (var matrix in _matrices)
        {
            if (!matrix.WritePanels(target, forget, cancellation))
            {
                panels.Dispose();
                return false;
            }

            target += matrix.PanelBytes;
        }

        // All or none: until here the rows are read, and nothing is lost if packing stops.
        _panels = panels;
        target = panels.Address;
        foreach (var matrix in _matrices)
        {
            matrix.UsePanels(target);
            target += matrix.PanelBytes;
        }

        return true;
    }

    public void Dispose()
    {
        if (_panels is null)
        {
            return;
        }

        foreach (var matrix in _matrices)
        {
            matrix.UsePanels(null);
        }

        _panels.Dispose();
        _panels = null;
    }
}
