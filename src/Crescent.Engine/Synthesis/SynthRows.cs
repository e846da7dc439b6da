using System.Buffers;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>The rows of a matrix, or of a stack of them, as a format orders them.</summary>
internal abstract class SynthRows(long count, int columns)
{
    public long Count { get; } = count;

    public int Columns { get; } = columns;

    /// <summary>Tiles that a row goes through.</summary>
    public int Tiles => (Columns + SynthEncoder.TileLength - 1) / SynthEncoder.TileLength;

    /// <param name="nibbles">[columns rounded up to 16], 1…15 for −7…7.</param>
    public abstract void Read(long row, Span<byte> nibbles);

    /// <param name="exponents">[<see cref="Tiles"/>]</param>
    public abstract void Exponents(long row, Span<sbyte> exponents);

    /// <summary>Writes a row in a type; of one that has its scales apart, the codes alone.</summary>
    public void Encode(DType dtype, long row, Span<byte> bytes)
    {
        var length = (Columns + SynthBits.ValuesPerWord - 1) / SynthBits.ValuesPerWord * SynthBits.ValuesPerWord;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        Span<sbyte> exponents = stackalloc sbyte[Tiles];
        Read(row, rented.AsSpan(0, length));
        Exponents(row, exponents);
        SynthEncoder.Encode(dtype, rented.AsSpan(0, Columns), exponents, bytes);
        ArrayPool<byte>.Shared.Return(rented);
    }
}

/// <summary>Rows of GGUF's tensors, one after the other.</summary>
/// <param name="find">Which row of which tensor a row is.</param>
internal sealed class MappedRows(long count, int columns, Func<long, (SynthValues Values, long Row)> find) : SynthRows(count, columns)
{
    /// <summary>A tensor's own rows.</summary>
    public static MappedRows Of(SynthValues values) => Of(values, 0, values.Rows);

    /// <summary>Some consecutive rows of a tensor, such as one matrix of a stack.</summary>
    public static MappedRows Of(SynthValues values, long first, long count) => new(count, values.Columns, row => (values, first + row));

    public override void Read(long row, Span<byte> nibbles)
    {
        var (values, at) = find(row);
        values.Read(at, 0, nibbles);
    }

    public override void Exponents(long row, Span<sbyte> exponents)
    {
        var (values, at) = find(row);
        for (var i = 0; i < exponents.Length; i++)
        {
            exponents[i] = (sbyte)values.Exponent(at, i * SynthEncoder.TileLength);
        }
    }
}
