using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Decoding;

namespace Crescent.Tests.Models.Published;

/// <summary>Values in the forms in which models are published, by plain scalar rounding.</summary>
internal static class Stored
{
    private const int Tile = 128;
    private const int Group = 32;

    // The 127 finite codes without a sign, ascending: F8_E4M3 codes are in order of their values.
    private static readonly double[] s_float8 = [.. Enumerable.Range(0, 127).Select(code => BlockFp8.Value((byte)code))];
    private static readonly double[] s_float4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

    public static StoredTensor F32(int[] shape, double[] values) => new("F32", shape, [.. values.SelectMany(value => BitConverter.GetBytes((float)value))]);

    /// <summary>To the nearest, ties to even.</summary>
    public static StoredTensor BF16(int[] shape, double[] values) => new("BF16", shape, [.. values.SelectMany(value => BitConverter.GetBytes(ToBF16(value)))]);

    /// <summary>Codes, and <c>_scale_inv</c>: the largest of a tile of 128 × 128 becomes 448.</summary>
    public static IEnumerable<(string Name, StoredTensor Tensor)> Float8(string name, int[] shape, double[] values)
    {
        var (rows, columns) = (shape[0], shape[1]);
        var (down, across) = ((rows + Tile - 1) / Tile, (columns + Tile - 1) / Tile);
        var scales = new double[down * across];
        int TileOf(int i) => (i / columns / Tile * across) + (i % columns / Tile);
        for (var i = 0; i < values.Length; i++)
        {
            scales[TileOf(i)] = Math.Max(scales[TileOf(i)], (float)(Math.Abs(values[i]) / 448));
        }

        yield return (name, new StoredTensor("F8_E4M3", shape, [.. values.Select((value, i) => ToFloat8(value / scales[TileOf(i)]))]));
        yield return (name + "_scale_inv", F32([down, across], scales));
    }

    /// <summary>Words, scales and shape; ranges are symmetric, as those of quantisation-aware training.</summary>
    public static IEnumerable<(string Name, StoredTensor Tensor)> Int4(string name, int[] shape, double[] values)
    {
        double[] scales = [.. values.Chunk(Group).Select(group => BitConverter.Int32BitsToSingle(ToBF16(group.Max(Math.Abs) / 7) << 16))];
        var packed = new byte[values.Length / 2];
        for (var i = 0; i < values.Length; i++)
        {
            var stored = (int)Math.Clamp(Math.Round(values[i] / scales[i / Group]), -7, 7) + 8;
            packed[i / 2] |= (byte)(stored << (4 * (i % 2)));
        }

        yield return (name + "_packed", new StoredTensor("I32", [shape[0], shape[1] / 8], packed));
        yield return (name + "_scale", BF16([shape[0], shape[1] / Group], scales));
        yield return (name + "_shape", new StoredTensor("I64", [2], [.. shape.SelectMany(length => BitConverter.GetBytes((long)length))]));
    }

    /// <summary>Blocks and exponents of a stack of experts.</summary>
    public static IEnumerable<(string Name, StoredTensor Tensor)> Mxfp4(string name, int[] shape, double[] values)
    {
        byte[] exponents = [.. values.Chunk(Group).Select(group => (byte)(Math.Floor(Math.Log2(group.Max(Math.Abs))) - 2 + 127))];
        var blocks = new byte[values.Length / 2];
        for (var i = 0; i < values.Length; i++)
        {
            var scaled = values[i] / Math.Pow(2, exponents[i / Group] - 127);
            var code = Nearest(s_float4, Math.Abs(scaled)) | (scaled < 0 ? 8 : 0);
            blocks[i / 2] |= (byte)(code << (4 * (i % 2)));
        }

        int[] groups = [.. shape[..^1], shape[^1] / Group];
        yield return (name + "_blocks", new StoredTensor("U8", [.. groups, Group / 2], blocks));
        yield return (name + "_scales", new StoredTensor("U8", groups, exponents));
    }

    private static ushort ToBF16(double value)
    {
        var bits = BitConverter.SingleToUInt32Bits((float)value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static byte ToFloat8(double value) => (byte)(Nearest(s_float8, Math.Abs(value)) | (value < 0 ? 0x80 : 0));

    // Of two as near, the one whose code is even.
    private static int Nearest(double[] ascending, double value)
    {
        var above = Array.BinarySearch(ascending, value);
        if (above >= 0)
        {
            return above;
        }

        above = ~above;
        if (above == 0 || above == ascending.Length)
        {
            return Math.Min(above, ascending.Length - 1);
        }

        var (low, high) = (value - ascending[above - 1], ascending[above] - value);
        return low < high || (low == high && (above - 1) % 2 == 0) ? above - 1 : above;
    }
}
