using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>What is written of a preset.</summary>
public sealed record SynthOptions
{
    /// <summary>Type of every matrix, embedding and head included; norms, biases and routers are F32.</summary>
    public DType DType { get; init; } = DType.Q4_0;

    /// <summary>The first layers of the model, the dense ones first; null is all.</summary>
    public int? Layers { get; init; }

    public ulong Seed { get; init; }

    /// <summary>Rows are made on this many threads; the bytes do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Most bytes of tensors in a shard; null writes one file.</summary>
    public long? SplitBytes { get; init; }
}

/// <summary>How far a synthesis is, in bytes of tensors.</summary>
public readonly record struct SynthProgress(long Written, long Total);
