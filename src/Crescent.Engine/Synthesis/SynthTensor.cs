using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>What a tensor's values are.</summary>
internal enum SynthRole
{
    /// <summary>Integers −7…7 times a power of two a tile, deviation about 1/√columns, in the model's type.</summary>
    Matrix,

    /// <summary>The same without the integers that MXFP4 lacks, 5 and 7, for which 4 and 6 stand.</summary>
    FourBitMatrix,

    /// <summary>The values of a matrix, always F32.</summary>
    Router,

    /// <summary>1 + integer/64, F32.</summary>
    Norm,

    /// <summary>integer/256, F32.</summary>
    Bias,

    /// <summary>−exp((integer − 5)/8), F32.</summary>
    Rate,

    /// <summary>integer/4, F32.</summary>
    Sink,

    /// <summary>Given numbers, F32.</summary>
    Given,
}

/// <summary>A tensor to be made: where it will stand and what fills it.</summary>
/// <param name="Shape">Row-major.</param>
internal sealed record SynthTensor(string Name, DType DType, long[] Shape, SynthRole Role, float[]? Values = null)
{
    public int Columns => (int)Shape[^1];

    /// <summary>Rows of one matrix of a stack.</summary>
    public long MatrixRows => Shape.Length > 1 ? Shape[^2] : 1;

    /// <summary>Rows of all matrices.</summary>
    public long Rows => Shape[..^1].Aggregate(1L, (product, length) => product * length);

    private bool IsVector => Role is SynthRole.Norm or SynthRole.Bias or SynthRole.Rate or SynthRole.Sink or SynthRole.Given;

    /// <summary>Writes the tensor as GGUF has it.</summary>
    public void Write(ulong seed, int threads, TensorSink sink, CancellationToken cancellationToken)
    {
        if (IsVector)
        {
            sink(MemoryMarshal.AsBytes<float>(Vector(seed)));
            return;
        }

        var rows = MappedRows.Of(new SynthValues(this, seed));
        ChunkStream.Write(Rows, (int)DType.Layout().RowBytes(Columns), (row, bytes) => rows.Encode(DType, row, bytes), threads, sink, cancellationToken);
    }

    /// <summary>The values of a norm, bias, sink or rate.</summary>
    public float[] Vector(ulong seed) => Role switch
    {
        SynthRole.Given => Values!,
        SynthRole.Rate => [.. LogRates(seed).Select(rate => (float)-Math.Exp(rate))],
        _ => [.. Integers(seed).Select(integer => Role switch
        {
            SynthRole.Norm => 1 + (integer / 64f),
            SynthRole.Sink => integer / 4f,
            _ => integer / 256f,
        })],
    };

    /// <summary>Logarithms of the rates without their sign, as published files have them.</summary>
    public float[] LogRates(ulong seed) => [.. Integers(seed).Select(integer => (integer - 5) / 8f)];

    // −7…7
    private IEnumerable<int> Integers(ulong seed)
    {
        var length = (int)(Rows * Columns);
        var nibbles = new byte[(length + SynthBits.ValuesPerWord - 1) / SynthBits.ValuesPerWord * SynthBits.ValuesPerWord];
        SynthBits.Fill(SynthBits.Key(seed, Name), 0, nibbles);
        return nibbles.Take(length).Select(nibble => nibble - 8);
    }
}
