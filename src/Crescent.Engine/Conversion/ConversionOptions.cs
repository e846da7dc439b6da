using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>What a conversion writes.</summary>
public enum ConversionLayout
{
    /// <summary>One GGUF file, or shards of one.</summary>
    Gguf,

    /// <summary>A folder: everything but the routed experts in GGUF, and the experts in files of records (docs/formats.md).</summary>
    Records,
}

/// <summary>How a model is converted.</summary>
public sealed record ConversionOptions
{
    public ConversionLayout Layout { get; init; }

    /// <summary>The types of matrices; null keeps all values.</summary>
    public TargetType? Type { get; init; }

    /// <summary>Types of some matrices, chosen by name, before <see cref="Type"/>.</summary>
    public TypeOverrides Overrides { get; init; } = TypeOverrides.None;

    public ImportanceMatrix? Importance { get; init; }

    /// <summary>Most bytes of tensors in a file; null writes one GGUF file, and files of records of 50 GB.</summary>
    public long? SplitBytes { get; init; }

    /// <summary>Writes no tokenizer, for a model that has none, or one that GGUF cannot express.</summary>
    public bool WithoutTokenizer { get; init; }

    /// <summary>Rows are converted on this many threads; the bytes do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    public IsaLevel Isa { get; init; } = IsaLevels.Best;

    /// <summary>Free bytes of a folder's drive.</summary>
    internal Func<string, long> FreeBytes { get; init; } = Checkpoints.PartialFiles.FreeBytes;
}

/// <summary>How far a conversion is, in bytes of what it reads or writes.</summary>
public readonly record struct ConversionProgress(long Done, long Total);
