using System.Diagnostics;
using Crescent.Kernels.MatMul;

namespace Crescent.Kernels.Emitted;

/// <summary>Products of panels with the items of a job, tile by tile.</summary>
internal static unsafe class PanelProduct
{
    /// <summary>Rows of a work item: input rows in the first-level cache meet some panels before the next ones come.</summary>
    public const int ItemRows = 4 * PanelFormat.Rows;

    /// <summary>Rows firstRow..firstRow + 16·count times all items.</summary>
    /// <param name="panels">[count, panel]</param>
    public static void Multiply(PanelCodec codec, byte* panels, int count, in MatMulJob job, int firstRow)
    {
        if (count > 1 && job.Count >= PanelPairProduct.LeastItems && codec.Kernels.HasPairs)
        {
            PanelPairProduct.Multiply(codec, panels, count / 2, job, firstRow);
            var done = count / 2 * 2;
            panels += done * codec.Format.PanelBytes(job.Weights.Columns);
            (count, firstRow) = (count - done, firstRow + (done * PanelFormat.Rows));
        }

        if (count > 0)
        {
            MultiplyOneByOne(codec, panels, count, job, firstRow);
        }
    }

    /// <summary>The next of nearly equal parts: 13 are 7 and 6, not 12 and 1.</summary>
    public static int EvenPart(int left, int most)
    {
        var tiles = (left + most - 1) / most;
        return (left + tiles - 1) / tiles;
    }

    /// <summary>The rows of a tile.</summary>
    public static void SetRows(PanelArguments* arguments, in MatMulJob job, int item, int inputs, int firstRow)
    {
        Debug.Assert(inputs <= PanelArguments.MostInputs, "a tile is higher than the kernel");
        for (var i = 0; i < inputs; i++)
        {
            arguments->Inputs[i] = (long)job.Input.QuantizedRow(job.InputRow(item + i));
            arguments->Outputs[i] = (long)(job.OutputOf(item + i) + firstRow);
        }
    }

    private static void MultiplyOneByOne(PanelCodec codec, byte* panels, int count, in MatMulJob job, int firstRow)
    {
        PanelArguments arguments = default;
        arguments.InputEnd = (long)job.Weights.Columns / 32 * sizeof(QuantizedGroup);
        for (var (item, inputs) = (0, 0); item < job.Count; item += inputs)
        {
            inputs = EvenPart(job.Count - item, codec.Format.MostInputs);
            var kernel = (delegate* unmanaged<PanelArguments*, void>)codec.Kernels.For(ref inputs);
            SetRows(&arguments, job, item, inputs, firstRow);
            arguments.Panels = panels;
            arguments.Count = count;
            arguments.OutputOffset = 0;
            kernel(&arguments);
        }
    }
}
