namespace Crescent.Tests.Reference.Tiny;

/// <summary>Named tensors of random float32 values. The same name and shape give the same values, everywhere and for ever: golden logits depend on them.</summary>
internal sealed class RandomTensors
{
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>Shapes by name, in the order in which they were declared.</summary>
    public IReadOnlyDictionary<string, int[]> Shapes => _entries.ToDictionary(entry => entry.Key, entry => entry.Value.Shape);

    /// <summary>Numbers below <paramref name="limit"/>.</summary>
    public static int[] Tokens(string name, int count, int limit)
    {
        var state = Key(name);
        return [.. Enumerable.Range(0, count).Select(_ => (int)(Next(ref state) % (ulong)limit))];
    }

    /// <summary>Declares [.., out, in], each output of unit size for inputs of unit size, times <paramref name="gain"/>.</summary>
    public RandomTensors Matrix(string name, int[] shape, double gain = 1) => Values(name, shape, 0, gain * Math.Sqrt(3.0 / shape[^1]));

    /// <summary>Declares a norm's weights.</summary>
    public RandomTensors Norm(string name, int length) => Values(name, [length], 1, 0.25);

    /// <summary>Declares values in center ± spread.</summary>
    public RandomTensors Values(string name, int[] shape, double center, double spread)
    {
        _entries.Add(name, new Entry(shape, center, spread));
        return this;
    }

    /// <summary>The values of a declared tensor, row-major.</summary>
    public double[] Read(string name)
    {
        var entry = _entries[name];
        var state = Key(name);
        var values = new double[entry.Shape.Aggregate(1, (product, length) => product * length)];
        for (var i = 0; i < values.Length; i++)
        {
            // 53 bits: -1 up to 1.
            var unit = ((Next(ref state) >> 11) * (2.0 / (1L << 53))) - 1;
            values[i] = (float)(entry.Center + (entry.Spread * unit));
        }

        return values;
    }

    // FNV-1a.
    private static ulong Key(string name) => name.Aggregate(0xCBF29CE484222325UL, (key, letter) => unchecked((key ^ letter) * 0x100000001B3UL));

    // SplitMix64.
    private static ulong Next(ref ulong state)
    {
        unchecked
        {
            var z = state += 0x9E3779B97F4A7C15UL;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }

    private sealed record Entry(int[] Shape, double Center, double Spread);
}
