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
        PanelArguments arguments = default;
        arguments.InputEnd = (long)job.Weights.Columns / 32 * sizeof(QuantizedGroup);
        for (var (item, inputs) = (0, 0); item < job.Count; item += inputs)
        {
            // Tiles of nearly equal height: 13 rows are 7 and 6, not 12 and 1.
            var left = job.Count - item;
            var tiles = (left + codec.Format.MostInputs - 1) / codec.Format.MostInputs;
            inputs = (left + tiles - 1) / tiles;
            var kernel = (delegate* unmanaged<PanelArguments*, void>)codec.Kernels.For(ref inputs);
            Debug.Assert(inputs <= PanelArguments.MostInputs, "a tile is higher than the kernel");
            for (var i = 0; i < inputs; i++)
            {
                arguments.Inputs[i] = (long)job.Input.QuantizedRow(job.InputRow(item + i));
                arguments.Outputs[i] = (long)(job.OutputOf(item + i) + firstRow);
            }

            arguments.Panels = panels;
            arguments.Count = count;
            arguments.OutputOffset = 0;
            kernel(&arguments);
        }
    }
}
