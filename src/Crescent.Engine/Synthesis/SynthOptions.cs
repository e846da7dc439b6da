using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>The forms in which models are published.</summary>
public enum SynthFormat
{
    /// <summary>One file, or shards.</summary>
    Gguf,

    /// <summary>A folder with config.json, safetensors and a tokenizer, as the hub has it.</summary>
    Safetensors,

    /// <summary>A folder with Grok-1's pickles in <c>ckpt-0</c> and its tokenizer.</summary>
    Grok,
}

/// <summary>What is written of a preset.</summary>
public sealed record SynthOptions
{
    public SynthFormat Format { get; init; }

    /// <summary>
    /// Type of every matrix, embedding and head included; norms, biases and routers are F32 in GGUF. Null is Q4_0 in GGUF, else the type that the model was
    /// released in, where what the release does not quantise is in BF16.
    /// </summary>
    public DType? DType { get; init; }

    /// <summary>The first layers of the model, the dense ones first; null is all.</summary>
    public int? Layers { get; init; }

    public ulong Seed { get; init; }

    /// <summary>Rows are made on this many threads; the bytes do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Most bytes of tensors in a shard; null writes one file in GGUF, shards of 5 GB in safetensors.</summary>
    public long? SplitBytes { get; init; }
}

/// <summary>How far a synthesis is, in bytes of tensors.</summary>
public readonly record struct SynthProgress(long Written, long Total);
