using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels.Emitted;

/// <summary>Whether this processor has what emitted kernels use beyond AVX-512 F, BW, DQ and VL. The runtime shows no class for AVX512-VNNI.</summary>
internal static class VnniSupport
{
    private const int VnniBit = 1 << 11; // leaf 7, ECX

    public static bool IsSupported { get; } =
        IsaLevels.HasAvx512 && X86Base.X64.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & VnniBit) != 0;
}
