using Crescent.Engine.Experts;
using Crescent.Engine.Experts.Traces;
using Crescent.Engine.KvCache;
using Crescent.Engine.Models.Layers;
using Crescent.Engine.Weights;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Engine.Models;

/// <summary>
/// A decoder-only language model: embedding, layers, norm, head. Architectures differ in the layers they build. One step at a time: the caller
/// fills <see cref="Batch"/>, calls <see cref="Forward"/> and reads <see cref="LogitsOf"/>.
/// </summary>
public sealed class LanguageModel : IDisposable
{
    private readonly ModelParts _parts;
    private readonly ForwardState _state;
    private readonly WeightMover _mover;
    private readonly ResidentRecoder? _recoder;
    private readonly StreamedModel? _streaming;
    private readonly Activations _headInput; // [logit rows, hidden]
    private readonly MatMulJob[] _headJob = new MatMulJob[1];
    private AlignedBuffer<float> _logits; // [logit rows, vocab], grown to the most rows that were asked for

    /// <param name="recoder">Owner of recoded weights, if any.</param>
    /// <param name="streaming">What is read from the drive while the model runs, if anything; the model owns it.</param>
    public LanguageModel(ModelParts parts, ForwardState state, WeightMover mover, ResidentRecoder? recoder = null, StreamedModel? streaming = null)
    {
        _recoder = recoder;
        _streaming = streaming;
        _mover = mover;
        _parts = parts;
        _state = state;
        _headInput = new Activations(state.MaxRows, parts.Shape.Hidden);
        _logits = new AlignedBuffer<float>(parts.Shape.Vocab);
    }

    public ModelShape Shape => _parts.Shape;

    public KvCacheLayout CacheLayout => _state.Cache;

    /// <summary>The tokens of the next step.</summary>
    public Batch Batch => _state.Batch;

    public int Threads => _state.Pool.Threads;

    /// <summary>Bytes of weights read so far.</summary>
    public long WeightBytesRead => _state.WeightBytesRead;

    /// <summary>What is read from the drive while the model runs; null where all of it is in memory.</summary>
    public StreamedModel? Streaming => _streaming;

    /// <summary>What the process may still take where its memory is limited and all weights are in it; null for no limit.</summary>
    public MemoryBudget? Budget { get; init; }

    /// <summary>Claims memory before it is taken, and gives it back; null where it has no limit.</summary>
    public Func<long, bool>? ClaimMemory =>
        _streaming is not null ? _streaming.Experts.TryClaimPages
        : Budget is { } budget ? bytes => budget.TryClaimPages(bytes)
        : null;

    /// <summary>Bytes of weights that every token needs, in their file or recoded: all but what is read from the drive while the model runs, and the embedding's rows.</summary>
    public long ResidentBytes => _mover.Bytes + (_recoder?.Bytes ?? 0);

    /// <summary>How many weights these are.</summary>
    public long ResidentWeights { get; init; }

    /// <summary>Distinct experts run so far, summed over mixture layers and steps, and how many such layers ran.</summary>
    public (long Experts, long Layers) ExpertCounts => (_state.ExpertsRun, _state.ExpertLayersRun);

    /// <summary>The matrices of all tensors, so that an observer of products can name them.</summary>
    public IReadOnlyList<NamedMatrices> Matrices { get; init; } = [];

    /// <inheritdoc cref="ForwardState.Observer"/>
    public ProductObserver? Observer
    {
        get => _state.Observer;
        set => _state.Observer = value;
    }

    /// <inheritdoc cref="ForwardState.Profile"/>
    public StepProfile? Profile
    {
        get => _state.Profile;
        set => _state.Profile = value;
    }

    /// <summary>Experts of a layer, and how many of them a token takes; null for models without.</summary>
    public (int Experts, int TopK)? ExpertShape => _parts.Layers.Select(layer => layer.FeedForward).OfType<MoeLayer>().Select(layer => ((int, int)?)layer.ExpertShape).FirstOrDefault();

    /// <inheritdoc cref="ForwardState.Recorder"/>
    public IRoutingRecorder? Recorder
    {
        get => _state.Recorder;
        set => _state.Recorder = value;
    }

    /// <inheritdoc cref="ForwardState.Playback"/>
    public RoutingPlayback? Playback
    {
        get => _state.Playback;
        set => _state.Playback = value;
    }

    /// <inheritdoc cref="ForwardState.Lossy"/>
    public LossyOptions? Lossy
    {
        get => _state.Lossy;
        set => _state.Lossy = value;
    }

    /// <summary>Ends a step that waits for the drive; one that waits for nothing goes on to its end.</summary>
    public CancellationToken Cancellation
    {
        get => _state.Cancellation;
        set => _state.Cancellation = value;
    }

    /// <summary>Called once, as the first step begins: for work in the background that should neither delay the opening nor take memory before it is needed.</summary>
    public Action? BeforeFirstStep { get; set; }

    /// <summary>Called once, as the first step has ended: for work in the background that would take memory bandwidth and cores from the first token.</summary>
    public Action? AfterFirstStep { get; set; }

    /// <summary>Runs the batch: stores its keys and values, and computes the logits of the rows that want them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A token is outside the vocabulary.</exception>
    /// <exception cref="InvalidOperationException">A sequence has no state, which this model needs.</exception>
    /// <exception cref="WeightReadException">Weights that are read while the model runs could not be read: the step has no result.</exception>
    /// <exception cref="OperationCanceledException">The step waited for the drive when <see cref="Cancellation"/> was asked for, and has no result.</exception>
    public void Forward()
    {
        BeforeFirstStep?.Invoke();
        BeforeFirstStep = null;
        RequireStates();
        _state.Profile?.BeginStep();
        _streaming?.BeginStep(Batch.Count);
        _state.Recorder?.BeginStep();
        Budget?.Observe(ResidentSet.Bytes);
        Embed();
        Rotations();
        _state.Profile?.Lap(StepPart.Embedding);
        for (var layer = 0; layer < _parts.Layers.Count; layer++)
        {
            _parts.Layers[layer].Forward(_state, layer);
        }

        Head();
        _state.Playback?.EndStep(Batch.Count);
        _state.Profile?.Lap(StepPart.Head);
        AfterFirstStep?.Invoke();
        AfterFirstStep = null;
    }

    /// <summary>Logits of the i-th row that wanted them: [vocab]. Valid until the next step.</summary>
    public Span<float> LogitsOf(int index) => _logits.Span((long)index * Shape.Vocab, Shape.Vocab);

    /// <summary>What the head would get of the i-th row of the batch, its normed hidden state: [hidden]. Known until the next step.</summary>
    public void CopyHidden(int row, Span<float> hidden) => _parts.OutputNorm.Apply(_state.HiddenRow(row), hidden);

    /// <summary>Moves the weights to huge pages in the background, while the model runs on the mapped file.</summary>
    /// <param name="forget">Whether the system should forget what has been moved: for a model that fits into memory only once.</param>
    public void MoveWeightsInBackground(bool forget = false) => _mover.Start(forget);

    /// <summary>Waits for <see cref="MoveWeightsInBackground"/> to end, where it was asked for.</summary>
    public void WaitUntilMoved() => _mover.Wait();

    /// <inheritdoc cref="WeightMover.PackedBytes"/>
    internal long PackedBytes => _mover.PackedBytes;

    public void Dispose()
    {
        _mover.Dispose();
        _recoder?.Dispose();
        _streaming?.Dispose();
        _logits.Dispose();
        _headInput.Dispose();
        foreach (var scratch in _parts.Scratch)
        {
            scratch.Dispose();
        }

        _state.Dispose();
    }

    private void RequireStates()
    {
        if (_state.Cache.StateFloats == 0)
        {
            return;
        }

        var tokens = 0;
        foreach (ref readonly var span in Batch.RecurrentSpans)
        {
            tokens += span.Count;
        }

        if (tokens != Batch.Count)
        {
            throw new InvalidOperationException($"expected a state for all {Batch.Count} tokens of the step, found one for {tokens}: sequences of this model reserve their pages before each step");
        }
    }

    private void Embed()
    {
        foreach (var token in Batch.Tokens)
        {
            if ((uint)token >= (uint)Shape.Vocab)
            {
                throw new ArgumentOutOfRangeException(nameof(Batch), $"token id {token} is outside the vocabulary of {Shape.Vocab}");
            }
        }

        for (var row = 0; row < Batch.Count && _streaming is not null; row++)
        {
            _streaming.ReadEmbedding(Batch.Tokens[row], _state.HiddenRow(row));
        }

        var work = new EmbedWork { Model = this };
        _state.Pool.Run(ref work, Batch.Count, ForwardState.RowGrain(Shape.Hidden));
    }

    private void Rotations()
    {
        if (_state.Rope is { } rope)
        {
            for (var row = 0; row < Batch.Count; row++)
            {
                rope.Factors(Batch.Positions[row], _state.RopeRows.Span((long)row * rope.RowLength, rope.RowLength));
            }
        }
    }

    private void Head()
    {
        var rows = Batch.LogitRows;
        if (rows.IsEmpty)
        {
            return;
        }

        _headInput.Rows = rows.Length;
        for (var i = 0; i < rows.Length; i++)
        {
            _parts.OutputNorm.Apply(_state.HiddenRow(rows[i]), _headInput.Row(i));
        }

        if (_logits.Length < (long)rows.Length * Shape.Vocab)
        {
            _logits.Dispose();
            _logits = new AlignedBuffer<float>((long)rows.Length * Shape.Vocab);
        }

        _headJob[0] = new Linear(_parts.Head).Job(_headInput, rows.Length, _logits);
        _state.Multiply(_headJob);
        for (var i = 0; i < rows.Length && _parts.HeadRowScales is not null; i++)
        {
            VectorMath.Multiply(LogitsOf(i), _parts.HeadRowScales);
        }

        if (Shape.LogitScale != 1 || Shape.LogitSoftCap > 0)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                VectorMath.Scale(LogitsOf(i), Shape.LogitScale);
                if (Shape.LogitSoftCap > 0)
                {
                    SoftCap.Apply(LogitsOf(i), Shape.LogitSoftCap);
                }
            }
        }
    }

    private struct EmbedWork : IWork
    {
        public LanguageModel Model;

        public readonly void Execute(int start, int end, int worker)
        {
            var (parts, state) = (Model._parts, Model._state);
            for (var row = start; row < end; row++)
            {
                var hidden = state.HiddenRow(row);
                if (Model._streaming is null)
                {
                    parts.Embedding.DecodeRow(state.Batch.Tokens[row], hidden);
                }

                if (parts.Shape.EmbeddingScale != 1)
                {
                    VectorMath.Scale(hidden, parts.Shape.EmbeddingScale);
                }
            }
        }
    }
}
