using Crescent.Kernels.Attention;

namespace Crescent.Engine.KvCache;

/// <summary>What one layer keeps of a token: <c>KvHeads</c> keys and values, or one MLA latent (value width 0). A recurrent layer keeps nothing of a token.</summary>
/// <param name="StateFloats">Floats that a recurrent layer keeps of a sequence, whatever its length; 0 for none.</param>
public readonly record struct KvLayerShape(int KvHeads, int KeyWidth, int ValueWidth, long StateFloats = 0)
{
    /// <summary>A layer that keeps a state and no tokens.</summary>
    public static KvLayerShape Recurrent(long stateFloats) => new(0, 0, 0, stateFloats);
}

/// <summary>
/// Layout of a page: all layers' rows for <see cref="PagedAttention.PageTokens"/> consecutive positions of a sequence; and of a sequence's state:
/// what its recurrent layers keep.
/// </summary>
public sealed class KvCacheLayout
{
    private const int StateAlignment = 16; // floats of a cache line

    /// <exception cref="NotSupportedException">The type cannot hold a layer's rows.</exception>
    public KvCacheLayout(IEnumerable<KvLayerShape> shapes, KvType type)
    {
        Type = type;
        var layers = new List<KvLayerLayout>();
        var states = new List<long>();
        long offset = 0;
        foreach (var shape in shapes)
        {
            var layer = new KvLayerLayout(type, offset, shape.KvHeads, shape.KeyWidth, shape.ValueWidth);
            layers.Add(layer);
            offset += layer.Bytes;
            states.Add(StateFloats);
            StateFloats += (shape.StateFloats + StateAlignment - 1) / StateAlignment * StateAlignment;
        }

        Layers = layers;
        StateOffsets = states;
        PageBytes = offset;
    }

    public KvType Type { get; }

    public IReadOnlyList<KvLayerLayout> Layers { get; }

    /// <summary>Bytes of a page.</summary>
    public long PageBytes { get; }

    /// <summary>Where each layer's part of a sequence's state begins, in floats.</summary>
    public IReadOnlyList<long> StateOffsets { get; }

    /// <summary>Floats of a sequence's state over all layers; 0 where no layer is recurrent.</summary>
    public long StateFloats { get; }

    /// <summary>Bytes of a sequence's state.</summary>
    public long StateBytes => StateFloats * sizeof(float);

    /// <summary>Bytes a token takes over all layers.</summary>
    public long BytesPerToken => PageBytes / PagedAttention.PageTokens;
}
