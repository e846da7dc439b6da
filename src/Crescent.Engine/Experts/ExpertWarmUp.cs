namespace Crescent.Engine.Experts;

/// <summary>Experts that were resident when the model ran last, to be read before they are asked for: the best of every layer first.</summary>
/// <param name="order">[layers][experts], best first.</param>
internal sealed class ExpertWarmUp(IReadOnlyList<IReadOnlyList<int>> order)
{
    private readonly int _ranks = order.Count == 0 ? 0 : order.Max(layer => layer.Count);
    private int _rank;
    private int _layer;

    /// <summary>Bytes of reads that may be under way.</summary>
    public const long WindowBytes = 256L << 20;

    /// <summary>The next one; false at the end.</summary>
    public bool TryPeek(out int layer, out int expert)
    {
        for (; _rank < _ranks; _rank++, _layer = 0)
        {
            for (; _layer < order.Count; _layer++)
            {
                if (order[_layer].Count > _rank)
                {
                    (layer, expert) = (_layer, order[_layer][_rank]);
                    return true;
                }
            }
        }

        (layer, expert) = (-1, -1);
        return false;
    }

    /// <summary>Goes past the one that <see cref="TryPeek"/> found.</summary>
    public void Advance() => _layer++;
}
