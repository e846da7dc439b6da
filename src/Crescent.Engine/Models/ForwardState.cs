using Crescent.Engine.Experts.Traces;
using Crescent.Engine.KvCache;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Processors;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models;

/// <summary>Sees products, whose inputs are written, before they run.</summary>
public delegate void ProductObserver(ReadOnlySpan<MatMulJob> jobs);

/// <summary>What the layers of one step share: the pool, the batch, the residual stream and the scratch rows.</summary>
public sealed class ForwardState : IDisposable
{
    public ForwardState(ModelOptions options, int hidden, Rope? rope, KvCacheLayout cache)
    {
        MaxRows = options.MaxBatchTokens;
        Pool = new ComputePool(ProcessorLayout.ThreadsOrDefault(options.Threads));
        Activations = options.Activations;
        Lossy = options.Lossy;
        Cache = cache;
        HiddenWidth = hidden;
        Rope = rope;
        Hidden = new AlignedBuffer<float>((long)MaxRows * hidden);
        Normed = new Activations(MaxRows, hidden);
        BlockOutput = new AlignedBuffer<float>((long)MaxRows * hidden);
        RopeRows = new AlignedBuffer<float>(Math.Max(1, (long)MaxRows * (rope?.RowLength ?? 0)));
        Batch = new Batch(MaxRows);
    }

    public int MaxRows { get; }

    public int HiddenWidth { get; }

    public ComputePool Pool { get; }

    public ActivationType Activations { get; }

    public KvCacheLayout Cache { get; }

    /// <summary>The batch of the current step.</summary>
    public Batch Batch { get; }

    public Rope? Rope { get; }

    /// <summary>Ends waits for the drive in the current step.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Residual stream [tokens, hidden].</summary>
    public AlignedBuffer<float> Hidden { get; }

    /// <summary>Normed input of the current block [tokens, hidden].</summary>
    public Activations Normed { get; }

    /// <summary>Output of the current attention or feed-forward block [tokens, hidden].</summary>
    public AlignedBuffer<float> BlockOutput { get; }

    /// <summary>Rotation factors [tokens, rope row], shared by all layers.</summary>
    public AlignedBuffer<float> RopeRows { get; }

    public Span<float> HiddenRow(int row) => Hidden.Span((long)row * HiddenWidth, HiddenWidth);

    public Span<float> OutputRow(int row) => BlockOutput.Span((long)row * HiddenWidth, HiddenWidth);

    public ReadOnlySpan<float> RopeRow(int row) => RopeRows.Span((long)row * Rope!.RowLength, Rope.RowLength);

    /// <summary>Bytes of weights that the products so far have read, each matrix once a dispatch.</summary>
    public long WeightBytesRead { get; private set; }

    /// <summary>Experts that mixture layers have run so far, summed over layers and steps.</summary>
    public long ExpertsRun { get; set; }

    /// <summary>Mixture layers run so far, summed over steps.</summary>
    public long ExpertLayersRun { get; set; }

    /// <summary>Adds up where the time goes; null for nowhere.</summary>
    public StepProfile? Profile { get; set; }

    /// <summary>Is told what the routers choose; null for nobody.</summary>
    public IRoutingRecorder? Recorder { get; set; }

    /// <summary>Chooses experts in the routers' place; null where they do.</summary>
    public RoutingPlayback? Playback { get; set; }

    /// <summary>Helps that change values; null for exact steps.</summary>
    public LossyOptions? Lossy { get; set; }

    /// <summary>Sees all products before they run; null for nobody.</summary>
    public ProductObserver? Observer { get; set; }

    /// <summary>Runs products in one dispatch.</summary>
    public void Multiply(ReadOnlySpan<MatMulJob> jobs) => Multiply(jobs, Activations);

    public void Multiply(ReadOnlySpan<MatMulJob> jobs, ActivationType activations)
    {
        foreach (ref readonly var job in jobs)
        {
            WeightBytesRead += job.Weights.StoredBytes;
            Profile?.Count(job.Weights.StoredBytes, (double)job.Weights.Rows * job.Weights.Columns * job.Count);
        }

        Observer?.Invoke(jobs);
        MatMul.Run(Pool, jobs, activations);
    }

    /// <summary>Rows a work item should take so that small batches stay on the calling thread.</summary>
    public static int RowGrain(int width) => Math.Max(1, 16384 / Math.Max(1, width));

    public void Dispose()
    {
        Pool.Dispose();
        Hidden.Dispose();
        Normed.Dispose();
        BlockOutput.Dispose();
        RopeRows.Dispose();
    }
}
