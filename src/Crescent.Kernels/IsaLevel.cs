using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Kernels;

/// <summary>Instruction-set level of the kernels. Every level gives the same bits run after run; between levels results agree within the formats' bounds.</summary>
public enum IsaLevel
{
    /// <summary>128-bit vectors that every .NET platform has.</summary>
    Portable,

    /// <summary>x86-64 with AVX2 and FMA.</summary>
    Avx2,

    /// <summary>x86-64 with AVX-512 F, BW, DQ and VL.</summary>
    Avx512,
}

/// <summary>Which instruction-set levels this processor and runtime offer.</summary>
public static class IsaLevels
{
    /// <summary>The fastest level that is supported here.</summary>
    public static IsaLevel Best =>
        IsSupported(IsaLevel.Avx512) ? IsaLevel.Avx512 : IsSupported(IsaLevel.Avx2) ? IsaLevel.Avx2 : IsaLevel.Portable;

    public static bool IsSupported(IsaLevel level) => level switch
    {
        IsaLevel.Portable => true,
        IsaLevel.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        IsaLevel.Avx512 => Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported && Vector512.IsHardwareAccelerated,
        _ => false,
    };
}
