using System.Diagnostics;
using Crescent.Kernels.MatMul;

namespace Crescent.Kernels.Emitted;

/// <summary>Products of pairs of panels with many items: block of columns by block, tile by tile. Sums go on in the output from one block to the next, in the order of columns.</summary>
internal static unsafe class PanelPairProduct
{
    /// <summary>From this many items on panels are taken in pairs: with fewer tiles the first, which waits for memory, weighs more. All tiles are then of the most rows, or of one less.</summary>
    public const int LeastItems = 64;

    // Bytes of a pair and of a tile in a block of columns. The pairs of a work item then share the second-level cache with the inputs that pass; shorter blocks
    // lose more to loading and storing sums.
    private const int BlockBytes = 176 << 10;

    /// <summary>Rows firstRow..firstRow + 32·pairs times all items.</summary>
    /// <param name="panels">[2 · pairs, panel]</param>
    public static void Multiply(PanelCodec codec, byte* panels, int pairs, in MatMulJob job, int firstRow)
    {
        Debug.Assert(job.Count >= LeastItems, "tiles of any height have no kernel");
        var format = codec.Format;
        var groups = job.Weights.Columns / 32;
        var most = BlockBytes / ((2 * format.GroupBytes) + (format.MostPairInputs * sizeof(QuantizedGroup)));
        PanelArguments arguments = default;
        arguments.PanelStep = format.PanelBytes(job.Weights.Columns);
        for (var (group, length) = (0, 0); group < groups; group += length)
        {
            length = PanelProduct.EvenPart(groups - group, most);
            arguments.InputBegin = (long)group * sizeof(QuantizedGroup);
            arguments.InputEnd = (long)(group + length) * sizeof(QuantizedGroup);
            MultiplyBlock(codec, panels + ((long)group * format.GroupBytes), pairs, job, firstRow, &arguments);
        }
    }

    private static void MultiplyBlock(PanelCodec codec, byte* panels, int pairs, in MatMulJob job, int firstRow, PanelArguments* arguments)
    {
        for (var (item, inputs) = (0, 0); item < job.Count; item += inputs)
        {
            inputs = PanelProduct.EvenPart(job.Count - item, codec.Format.MostPairInputs);
            var kernel = (delegate* unmanaged<PanelArguments*, void>)codec.Kernels.ForPair(inputs);
            PanelProduct.SetRows(arguments, job, item, inputs, firstRow);
            arguments->Panels = panels;
            arguments->Count = pairs;
            arguments->OutputOffset = 0;
            kernel(arguments);
        }
    }
}
