using Crescent.Engine.Experts;
using Crescent.Engine.Experts.Traces;
using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Processors;

namespace Crescent.Engine.Models;

/// <summary>How a model is run.</summary>
public sealed record ModelOptions
{
    /// <summary>Threads that compute; 0 for one a physical core that the process may use (<see cref="ProcessorLayout.DefaultThreads"/>).</summary>
    public int Threads { get; init; }

    public IsaLevel Isa { get; init; } = IsaLevels.Best;

    public ActivationType Activations { get; init; } = ActivationType.Int8;

    public KvType KvType { get; init; } = KvType.F16;

    public MlaForm Mla { get; init; } = MlaForm.Auto;

    /// <summary>Whether weights that fit may be copied from the mapped file to huge pages, for speed.</summary>
    public bool MoveWeights { get; init; } = true;

    /// <summary>Type that the weights every token needs are recoded to while loading; null leaves them as they are.</summary>
    public DType? ResidentType { get; init; }

    /// <summary>Weights of a tensor below this size are not packed as panels; these read better in order from less than a huge page on.</summary>
    internal long SmallestPackedBytes { get; init; } = 64 << 10;

    /// <summary>How experts for which there is no room are read from the drive as they are needed; null where all are in memory.</summary>
    public ExpertStoreOptions? Streaming { get; init; }

    /// <summary>Folders where files of the model are looked for that are not beside the first.</summary>
    public IReadOnlyList<string> Also { get; init; } = [];

    /// <summary>Most bytes that the process may have in memory with all weights; null for no limit.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Is told what the routers choose; null for nobody. Whoever opened the model ends it.</summary>
    public IRoutingRecorder? Recorder { get; init; }

    /// <summary>Helps that change values; null for none.</summary>
    public LossyOptions? Lossy { get; init; }

    /// <summary>Most tokens of one step.</summary>
    public int MaxBatchTokens { get; init; } = StandardBatchTokens;

    /// <summary>Tokens of a step where nobody says otherwise.</summary>
    public const int StandardBatchTokens = 512;
}
