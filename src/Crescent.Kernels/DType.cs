namespace Crescent.Kernels;

/// <summary>Element type of a tensor. Numbers below 1000 are GGML's type ids, as a GGUF file stores them; the others have their scales in a second tensor.</summary>
public enum DType
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q2_K = 10,
    Q3_K = 11,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    IQ2_XXS = 16,
    IQ2_XS = 17,
    IQ3_XXS = 18,
    IQ1_S = 19,
    IQ4_NL = 20,
    IQ3_S = 21,
    IQ2_S = 22,
    IQ4_XS = 23,
    I8 = 24,
    I16 = 25,
    I32 = 26,
    I64 = 27,
    F64 = 28,
    IQ1_M = 29,
    BF16 = 30,
    TQ1_0 = 34,
    TQ2_0 = 35,
    MXFP4 = 39,

    /// <summary>FP8 (1 sign, 4 exponent, 3 mantissa bits) with a float32 scale for each tile of 128 × 128 values: DeepSeek-V3, Kimi K2.</summary>
    F8_E4M3 = 1000,

    /// <summary>Groups of 32 nibbles u in the order of the values, w = (u − 8)·scale, bfloat16 scales [rows, columns / 32]: Kimi K2 Thinking.</summary>
    INT4_G32 = 1001,

    /// <summary>MXFP4 as gpt-oss's safetensors store it: nibbles in the order of the values, E8M0 scales [rows, columns / 32].</summary>
    MXFP4_SPLIT = 1002,

    /// <summary>Signed bytes [columns, rows] (input axis first), bfloat16 scales [groups, rows], the groups along the columns: Grok-1's release.</summary>
    INT8_KN = 1003,
}
