using System.Buffers;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels;
using Crescent.Kernels.Quantization;

namespace Crescent.Engine.Conversion;

/// <summary>Makes the bytes of a tensor's rows. Safe on several threads.</summary>
internal abstract class RowCoder
{
    /// <param name="target">[rows, bytes of a row]</param>
    public abstract void Write(long firstRow, int rows, Span<byte> target);
}

/// <summary>Rows byte for byte, in some order.</summary>
internal sealed class CopyCoder(StoredRows source, RowOrder? order, int rowBytes) : RowCoder
{
    public override void Write(long firstRow, int rows, Span<byte> target)
    {
        for (var i = 0; i < rows; i++)
        {
            source.Copy(order?.Invoke(firstRow + i) ?? firstRow + i, target.Slice(i * rowBytes, rowBytes));
        }
    }
}

/// <summary>Rows of INT4 groups as Q4_0, or of MXFP4 with scales apart as MXFP4: the same codes and scales in another order.</summary>
internal sealed class NibbleCoder(StoredRows source, DType dtype, int rowBytes) : RowCoder
{
    public override void Write(long firstRow, int rows, Span<byte> target)
    {
        for (var i = 0; i < rows; i++)
        {
            var row = target.Slice(i * rowBytes, rowBytes);
            if (dtype == DType.Q4_0)
            {
                NibbleOrder.Int4ToQ4_0(source.Codes(firstRow + i), source.Scales(firstRow + i), row);
            }
            else
            {
                NibbleOrder.SplitToMxfp4(source.Codes(firstRow + i), source.Scales(firstRow + i), row);
            }
        }
    }
}

/// <summary>Rows decoded, and encoded in another type.</summary>
/// <param name="what">The tensor and its file, for messages.</param>
/// <param name="matrixRows">Rows that share importance weights.</param>
/// <param name="importance">[matrices?, columns]</param>
internal sealed class EncodeCoder(RowSource source, DType dtype, int columns, string what, long matrixRows, float[]? importance) : RowCoder
{
    public override void Write(long firstRow, int rows, Span<byte> target)
    {
        var values = ArrayPool<float>.Shared.Rent(checked(rows * columns));
        try
        {
            source.Decode(firstRow, rows, values.AsSpan(0, rows * columns));
            var rowBytes = target.Length / rows;
            for (var i = 0; i < rows; i++)
            {
                Encode(firstRow + i, values.AsSpan(i * columns, columns), target.Slice(i * rowBytes, rowBytes));
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
        }
    }

    private void Encode(long row, ReadOnlySpan<float> values, Span<byte> target)
    {
        var weights = importance is null ? default : importance.AsSpan(checked((int)(row / matrixRows * columns)), columns);
        try
        {
            RowCodec.Encode(dtype, values, weights, target);
        }
        catch (ArgumentException exception)
        {
            throw new CheckpointException($"{what}, row {row}: {exception.Message}", exception);
        }
    }
}

/// <summary>The scales of rows byte for byte.</summary>
internal sealed class ScaleCoder(StoredRows source, int rowBytes) : RowCoder
{
    public override void Write(long firstRow, int rows, Span<byte> target)
    {
        for (var i = 0; i < rows; i++)
        {
            source.Scales(firstRow + i).CopyTo(target.Slice(i * rowBytes, rowBytes));
        }
    }
}
