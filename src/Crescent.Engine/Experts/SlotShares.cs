namespace Crescent.Engine.Experts;

/// <summary>Deals memory out to layers.</summary>
internal static class SlotShares
{
    /// <summary>
    /// Every layer gets the same number of slots, as far as its experts go; what is left over goes to the first layers, a slot each. No layer gets less than one.
    /// </summary>
    /// <param name="bytes">For the slots of all layers.</param>
    /// <param name="most">Most slots of a layer; 0 for as many as it has experts.</param>
    public static void Deal(List<ExpertLayer> layers, long bytes, int most)
    {
        var quota = 0;
        for (var round = Round(layers, quota, most); round > 0 && round <= bytes; round = Round(layers, quota, most))
        {
            bytes -= round;
            quota++;
        }

        foreach (var layer in layers)
        {
            var limit = Most(layer, most);
            layer.Quota = Math.Max(1, Math.Min(quota, limit));
            if (quota < limit && layer.SlotBytes <= bytes)
            {
                layer.Quota = quota + 1;
                bytes -= layer.SlotBytes;
            }
        }
    }

    // Bytes of one more slot in every layer that takes one.
    private static long Round(List<ExpertLayer> layers, int quota, int most)
    {
        var bytes = 0L;
        foreach (var layer in layers)
        {
            bytes += Most(layer, most) > quota ? layer.SlotBytes : 0;
        }

        return bytes;
    }

    private static int Most(ExpertLayer layer, int most) => most > 0 ? Math.Min(most, layer.Experts) : layer.Experts;
}
