using Crescent.Engine.KvCache;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
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
        Pool = new ComputePool(options.Threads > 0 ? options.Threads : Environment.ProcessorCount);
        Activations = options.Activations;
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

    /// <summary>Sees all products before they run; null for nobody.</summary>
    public ProductObserver? Observer { get; set; }

    /// <summary>Runs products in one dispatch.</summary>
    public void Multiply(ReadOnlySpan<MatMulJob> jobs) => Multiply(jobs, Activations);

    public void Multiply(ReadOnlySpan<MatMulJob> jobs, ActivationType activations)
    {
        foreach (ref readonly var job in jobs)
        {
            WeightBytesRead += job.Weights.StoredBytes;
        }

        Observer?.Invoke(jobs);
        var t0 = System.Diagnostics.Stopwatch.GetTimestamp(); MatMul.Run(Pool, jobs, activations); var w = jobs[0].Weights; Prof.Add($"mm {w.DType} {w.Rows}x{w.Columns} {(jobs[0].Transposed?"T":"")} j{(jobs.Length>4?"many":jobs.Length.ToString())} {activations}", t0);
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

public static class Prof { static readonly Dictionary<string,(long,int)> D = new(); public static bool On = Environment.GetEnvironmentVariable("PROF") != null;
 public static void Add(string k, long t0) { if (!On) return; var t = System.Diagnostics.Stopwatch.GetTimestamp()-t0; D.TryGetValue(k, out var v); D[k]=(v.Item1+t, v.Item2+1); }
 public static void Dump() { if (!On) return; foreach (var (k,v) in D.OrderByDescending(x=>x.Value.Item1)) Console.Error.WriteLine($"{v.Item1*1000.0/System.Diagnostics.Stopwatch.Frequency,10:F2} ms {v.Item2,7} {k}"); D.Clear(); } }
