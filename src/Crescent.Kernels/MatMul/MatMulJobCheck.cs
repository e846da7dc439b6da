using System.Diagnostics.CodeAnalysis;

namespace Crescent.Kernels.MatMul;

/// <summary>The door of <see cref="MatMul.Run"/>: shapes and ranges of a job.</summary>
internal static class MatMulJobCheck
{
    public static void Check(in MatMulJob job, int index, ActivationType activations)
    {
        if (job.Weights is null || job.Input is null || job.Output is null)
        {
            Throw(index, $"{(job.Weights is null ? nameof(job.Weights) : job.Input is null ? nameof(job.Input) : nameof(job.Output))} is missing");
        }

        if (activations is not (ActivationType.Int8 or ActivationType.F32))
        {
            Throw(index, $"activation type {(int)activations} is unknown");
        }

        var inputColumns = job.Transposed ? job.Weights.Rows : job.Weights.Columns;
        if (job.Input.Columns != inputColumns)
        {
            Throw(index, $"{(job.Transposed ? "transposed " : "")}weights of {job.Weights.Rows} × {job.Weights.Columns} take input of {inputColumns} columns; found {job.Input.Columns}");
        }

        if (job.Count <= 0)
        {
            if (job.Count < 0)
            {
                Throw(index, $"the count is {job.Count}");
            }

            return;
        }

        CheckInput(job, index);
        CheckOutput(job, index);
    }

    private static void CheckInput(in MatMulJob job, int index)
    {
        var rows = job.Input.Rows;
        if (job.InputRows is null)
        {
            var last = job.InputStart + ((job.Count - 1L) * job.InputStride);
            if ((uint)job.InputStart >= (uint)rows || last < 0 || last >= rows)
            {
                Throw(index, $"items read input rows {job.InputStart}..{last} (stride {job.InputStride}); the input has {rows} rows");
            }

            return;
        }

        if (job.InputRowsStart < 0 || job.InputRowsStart > job.InputRows.Length - job.Count)
        {
            Throw(index, $"items {job.InputRowsStart}..{(long)job.InputRowsStart + job.Count} are not in a list of {job.InputRows.Length} input rows");
        }

        foreach (var row in job.InputRows.AsSpan(job.InputRowsStart, job.Count))
        {
            if ((uint)row >= (uint)rows)
            {
                Throw(index, $"the list of input rows holds {row}; the input has {rows} rows");
            }
        }
    }

    private static void CheckOutput(in MatMulJob job, int index)
    {
        var width = job.OutputWidth;
        var room = job.Output.Length - width - job.OutputStart;
        if (job.Count > 1 && job.OutputStride < width)
        {
            Throw(index, $"output rows of {width} floats overlap at a stride of {job.OutputStride}");
        }

        if (job.OutputStart < 0 || room < 0 || (job.Count > 1 && job.OutputStride > room / (job.Count - 1)))
        {
            Throw(index, $"{job.Count} outputs of {width} floats from {job.OutputStart} at a stride of {job.OutputStride} leave a buffer of {job.Output.Length} floats");
        }
    }

    [DoesNotReturn]
    private static void Throw(int index, string reason) => throw new ArgumentException($"job {index}: {reason}");
}
