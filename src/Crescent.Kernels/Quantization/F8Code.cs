using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization;

/// <summary>
/// A code of <see cref="F8_E4M3"/>, widened to 2^-120 of its value: times a scale of <see cref="F8_E4M3.TryRebase"/> that is the value, rounded once.
/// NaNs come out as numbers.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly unsafe struct F8Code : IWidened
{
    public static bool IsScaled => true;

    public static float Widen(byte* element) => F8_E4M3.Place(*element);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* elements) => F8_E4M3.PlaceEight(elements);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSixteen(byte* elements) => F8_E4M3.PlaceSixteen(elements);
}
