namespace Crescent.Kernels.Elementwise;

/// <summary>Which values of a head a rotation pairs.</summary>
public enum RopePairing
{
    /// <summary>(x[2i], x[2i+1]): DeepSeek, Kimi, and Llama's GGUF files, whose converter permutes the rows.</summary>
    Interleaved,

    /// <summary>(x[i], x[i + d/2]): Qwen, Grok, gpt-oss, and Llama's original files.</summary>
    Half,
}
