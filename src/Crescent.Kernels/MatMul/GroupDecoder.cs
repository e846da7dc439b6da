using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>Steps that turn the codes of a group into floats.</summary>
internal static unsafe class GroupDecoder
{
    /// <summary>32 codes, the offset removed, as 16-bit numbers: the first 16 and the last 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<short> First, Vector256<short> Last) Widen<TBlock>(Vector256<byte> codes)
        where TBlock : IGroupCodes
    {
        // Unsigned codes stay below 128, so they widen as signed bytes too.
        var offset = Vector256.Create((short)TBlock.Offset);
        return (Unpacking.Widen(codes.GetLower().AsSByte()) - offset, Unpacking.Widen(codes.GetUpper().AsSByte()) - offset);
    }

    /// <summary>8 values: code·scale + min. The product is exact in every format, so fusing would change nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TBlock>(Vector128<short> codes, Vector256<float> scale, Vector256<float> min, float* values)
        where TBlock : IGroupCodes
    {
        var wide = (Unpacking.Widen(codes.AsUInt16()) << 16) >> 16;
        var products = Vector256.ConvertToSingle(wide) * scale;
        (TBlock.HasMin ? products + min : products).Store(values);
    }
}
