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
    public bool TryNext(out int layer, out int expert)
    {
        for (; _rank < _ranks; _rank++, _layer = 0)
        {
            while (_layer < order.Count)
            {
                layer = _layer++;
                if (order[layer].Count > _rank)
                {
                    expert = order[layer][_rank];
                    return true;
                }
            }
        }

        (layer, expert) = (-1, -1);
        return false;
    }
}
