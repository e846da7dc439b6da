using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Training;

/// <summary>Rows of attention heads inside a buffer: value c of head h of token t lies at <c>Start + t·RowStride + h·HeadStride + c</c>.</summary>
public readonly record struct HeadRows(AlignedBuffer<float> Buffer, long Start, int RowStride, int HeadStride, int Width)
{
    internal unsafe FloatOperand Head(int token, int head) => new(Buffer.Address + Start + ((long)token * RowStride) + ((long)head * HeadStride), RowStride, 1);

    internal void Check(string name, int tokens, int heads)
    {
        var last = Start + ((long)(tokens - 1) * RowStride) + ((long)(heads - 1) * HeadStride) + Width - 1;
        if (Start < 0 || RowStride < 1 || HeadStride < 1 || Width < 1 || (tokens > 0 && last >= Buffer.Length))
        {
            throw new ArgumentException($"{name}: elements {Start}..{last} are outside a buffer of {Buffer.Length}", name);
        }
    }
}
