using System.Buffers;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Records;
using Crescent.Kernels;
using Crescent.Kernels.Quantization;

namespace Crescent.Engine.Conversion;

/// <summary>Experts rounded to groups of four-bit integers with scales of their own, as Kimi K2 Thinking is published.</summary>
internal sealed class GroupedExperts(TensorForm form, string how, Func<bool, RowCoder> coder)
    : ExpertMatrix(
        form.Name, form.Source.DType, DType.INT4_G32, (int)form.Shape[0], (int)form.Shape[1], (int)form.Shape[2], RecordFormat.ScaleBytes(DType.INT4_G32, (int)form.Shape[1], (int)form.Shape[2]), how)
{
    private readonly Lazy<RowCoder> _codes = new(() => coder(false));
    private readonly Lazy<RowCoder> _scales = new(() => coder(true));

    public override void WriteCodes(int expert, RowStream stream, TensorSink sink) =>
        stream.Write(_codes.Value, (long)expert * Rows, Rows, checked((int)DType.Layout().RowBytes(Columns)), sink);

    public override void WriteScales(int expert, RowStream stream, TensorSink sink) =>
        stream.Write(_scales.Value, (long)expert * Rows, Rows, SplitScales.RowBytes(DType, Columns), sink);
}

/// <summary>Rows decoded and rounded to groups, of which it hands on the codes or the scales: each half is made anew, as records hold them apart.</summary>
/// <param name="what">The tensor and its file, for messages.</param>
/// <param name="matrixRows">Rows that share importance weights.</param>
/// <param name="importance">[matrices?, columns]</param>
internal sealed class GroupCoder(RowSource source, int columns, bool scales, string what, long matrixRows, float[]? importance) : RowCoder
{
    public override void Write(long firstRow, int rows, Span<byte> target)
    {
        var values = ArrayPool<float>.Shared.Rent(checked(rows * columns));
        try
        {
            source.Decode(firstRow, rows, values.AsSpan(0, rows * columns));
            var codes = new byte[columns / 2];
            var steps = new ushort[columns / Int4Groups.GroupLength];
            var rowBytes = target.Length / rows;
            for (var i = 0; i < rows; i++)
            {
                Encode(firstRow + i, values.AsSpan(i * columns, columns), codes, steps);
                (scales ? MemoryMarshal.AsBytes<ushort>(steps) : codes).CopyTo(target.Slice(i * rowBytes, rowBytes));
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
        }
    }

    private void Encode(long row, ReadOnlySpan<float> values, byte[] codes, ushort[] steps)
    {
        var weights = importance is null ? default : importance.AsSpan(checked((int)(row / matrixRows * columns)), columns);
        try
        {
            Int4Groups.Encode(values, weights, codes, steps);
        }
        catch (ArgumentException exception)
        {
            throw new CheckpointException($"{what}, row {row}: {exception.Message}", exception);
        }
    }
}
