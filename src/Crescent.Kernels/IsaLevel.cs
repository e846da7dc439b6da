using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Emitted;

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

    /// <summary>
    /// <see cref="Avx512"/> with VNNI: products of quantised weights run in machine code that is written at run time. The same bits as
    /// <see cref="Avx512"/>; where the processor or the system lacks something, it is that level.
    /// </summary>
    Avx512Vnni,
}

/// <summary>Which instruction-set levels this processor and runtime offer.</summary>
public static class IsaLevels
{
    /// <summary>The fastest level that is supported here.</summary>
    public static IsaLevel Best =>
        IsSupported(IsaLevel.Avx512Vnni) ? IsaLevel.Avx512Vnni
        : IsSupported(IsaLevel.Avx512) ? IsaLevel.Avx512
        : IsSupported(IsaLevel.Avx2) ? IsaLevel.Avx2
        : IsaLevel.Portable;

    internal static bool HasAvx512 =>
        Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported && Vector512.IsHardwareAccelerated;

    public static bool IsSupported(IsaLevel level) => level switch
    {
        IsaLevel.Portable => true,
        IsaLevel.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        IsaLevel.Avx512 => HasAvx512,
        IsaLevel.Avx512Vnni => VnniSupport.IsSupported,
        _ => false,
    };
}
