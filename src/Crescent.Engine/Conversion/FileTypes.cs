using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>The numbers of GGUF's <c>general.file_type</c> (llama.h, enum llama_ftype). They are for show: every tensor states its type.</summary>
internal static class FileTypes
{
    private const int MostlyBFloat16 = 32;

    public static int Of(DType type) => type switch
    {
        DType.F32 => 0,
        DType.F16 => 1,
        DType.Q4_0 => 2,
        DType.Q4_1 => 3,
        DType.Q8_0 => 7,
        DType.Q5_0 => 8,
        DType.Q5_1 => 9,
        DType.Q2_K => 10,
        DType.Q3_K => 11,
        DType.Q4_K => 14,
        DType.Q5_K => 16,
        DType.Q6_K => 18,
        DType.IQ2_XXS => 19,
        DType.IQ2_XS => 20,
        DType.IQ3_XXS => 23,
        DType.IQ1_S => 24,
        DType.IQ4_NL => 25,
        DType.IQ3_S => 26,
        DType.IQ2_S => 28,
        DType.IQ4_XS => 30,
        DType.IQ1_M => 31,
        DType.TQ1_0 => 36,
        DType.TQ2_0 => 37,
        DType.MXFP4 => 38,
        _ => MostlyBFloat16,
    };
}
