namespace Crescent.Kernels.Tests.Quantization;

/// <summary>Rows that quantisers are tried on.</summary>
internal static class EncoderRows
{
    public static string[] Kinds { get; } =
        ["gaussian", "constant", "one-hot", "tiny", "huge", "alternating", "ramp", "shifted", "outliers", "half zero"];

    public static float[] Make(string kind, int columns, int seed = 1)
    {
        var random = new Random(seed);
        var values = new float[columns];
        for (var i = 0; i < columns; i++)
        {
            var gaussian = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            values[i] = kind switch
            {
                "gaussian" => gaussian * 0.02f,
                "constant" => 0.3f,
                "one-hot" => i % 32 == 7 ? -0.7f : 0,
                "tiny" => gaussian * 1e-9f,
                "huge" => gaussian * 4000,
                "alternating" => i % 2 == 0 ? 0.05f : -0.05f,
                "ramp" => (i % 256 * 0.01f) - 0.4f,
                "shifted" => (gaussian * 0.02f) + 0.1f,
                "outliers" => gaussian * (random.Next(64) == 0 ? 1 : 0.02f),
                "half zero" => i % 256 < 128 ? 0 : gaussian,
                _ => throw new ArgumentOutOfRangeException(nameof(kind)),
            };
        }

        return values;
    }

    /// <summary>Importance that spans some orders of magnitude, as measured ones do.</summary>
    public static float[] Importance(int columns, int seed = 2)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, columns).Select(_ => MathF.Pow(10, (random.NextSingle() * 4) - 3))];
    }

    /// <summary>
    /// Rows made of whole numbers alone, so that every language makes the same: what the digests of upstream's bytes in <see cref="EncoderOracleTests"/> were made from.
    /// </summary>
    public static (float[] Values, float[] Importance) Portable(int rows, int columns)
    {
        var state = 2463534242u;
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++)
        {
            var bytes = Next(ref state);
            var bell = (int)(bytes & 255) + (int)((bytes >> 8) & 255) + (int)((bytes >> 16) & 255) + (int)(bytes >> 24) - 510;
            values[i] = ((bell * 64) + (int)(Next(ref state) >> 26)) * (1 + (i / 37 % 5)) / 1048576f;
        }

        var importance = new float[columns];
        for (var i = 0; i < columns; i++)
        {
            var root = ((int)(Next(ref state) >> 8) % 1000) + 1;
            importance[i] = root * root / 4096f;
        }

        return (values, importance);
    }

    private static uint Next(ref uint state)
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state;
    }
}
