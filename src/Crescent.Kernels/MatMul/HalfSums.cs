using System.Runtime.Intrinsics;

namespace Crescent.Kernels.MatMul;

/// <summary>Integer sums of products of 8 rows, lane = row: over 32 columns that come in two parts.</summary>
internal readonly struct HalfSums(Vector256<int> first, Vector256<int> last)
{
    public readonly Vector256<int> First = first;
    public readonly Vector256<int> Last = last;
}
