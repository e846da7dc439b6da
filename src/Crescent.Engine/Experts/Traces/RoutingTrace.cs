using System.Runtime.InteropServices;

namespace Crescent.Engine.Experts.Traces;

/// <summary>A use of an expert by a step.</summary>
/// <param name="GateShare">Added up over the tokens of the step that chose it.</param>
public readonly record struct ExpertUse(int Expert, float GateShare);

/// <summary>What a layer's steps used, in order.</summary>
/// <param name="Layer">The N of <c>blk.N</c>.</param>
public sealed class RoutingLayer(int layer)
{
    private readonly List<ExpertUse> _uses = [];
    private readonly List<(long Step, int End)> _steps = [];

    public int Layer { get; } = layer;

    /// <summary>Steps in which the layer ran.</summary>
    public int Steps => _steps.Count;

    /// <summary>Uses of all steps.</summary>
    public int Uses => _uses.Count;

    public long StepOf(int index) => _steps[index].Step;

    /// <summary>The distinct experts of a step, in the order in which its tokens chose them.</summary>
    public ReadOnlySpan<ExpertUse> UsesOf(int index)
    {
        var start = index == 0 ? 0 : _steps[index - 1].End;
        return CollectionsMarshal.AsSpan(_uses)[start.._steps[index].End];
    }

    internal void Add(long step, ReadOnlySpan<ExpertUse> uses)
    {
        _uses.AddRange(uses);
        _steps.Add((step, _uses.Count));
    }
}

/// <summary>The routing of a recorded or made-up run: for each layer the distinct experts of each step. Also a recorder, to be filled in memory.</summary>
public sealed class RoutingTrace : IRoutingRecorder
{
    private readonly SortedDictionary<int, RoutingLayer> _layers = [];
    private int[] _places = []; // [experts], place among the step's uses plus one
    private ExpertUse[] _uses = []; // [experts]
    private long _step = -1;
    private int? _firstLayer;

    /// <summary>Experts of a layer; 0 where nothing was recorded.</summary>
    public int Experts { get; private set; }

    /// <summary>Experts that a token takes.</summary>
    public int TopK { get; private set; }

    /// <summary>Whether the recording ended in order.</summary>
    public bool IsComplete { get; internal init; } = true;

    /// <summary>Tokens of all steps.</summary>
    public long Tokens { get; private set; }

    public IReadOnlyCollection<RoutingLayer> Layers => _layers.Values;

    /// <summary>Reads a trace from a file that nothing is taken for granted of.</summary>
    /// <exception cref="Checkpoints.CheckpointException">The file is no trace, damaged or cut off.</exception>
    public static RoutingTrace Load(string path) => RoutingTraceReader.Read(path);

    public void BeginStep() => _step++;

    public void Record(int layer, int experts, int topK, ReadOnlySpan<int> chosen, ReadOnlySpan<float> weights)
    {
        Span<float> shares = new float[chosen.Length];
        for (var token = 0; token < chosen.Length; token += topK)
        {
            var sum = 0f;
            foreach (var weight in weights.Slice(token, topK))
            {
                sum += weight;
            }

            for (var k = token; k < token + topK; k++)
            {
                shares[k] = weights[k] / sum;
            }
        }

        Begin(experts, topK);
        Add(Math.Max(0, _step), layer, chosen, shares);
    }

    internal void Begin(int experts, int topK)
    {
        if (Experts == 0)
        {
            (Experts, TopK) = (experts, topK);
            _places = new int[experts];
            _uses = new ExpertUse[experts];
        }
    }

    /// <param name="chosen">[tokens, topK]</param>
    /// <param name="shares">[tokens, topK]</param>
    internal void Add(long step, int layer, ReadOnlySpan<int> chosen, ReadOnlySpan<float> shares)
    {
        if (!_layers.TryGetValue(layer, out var steps))
        {
            _layers.Add(layer, steps = new RoutingLayer(layer));
        }

        _firstLayer ??= layer;
        Tokens += layer == _firstLayer ? chosen.Length / TopK : 0;
        var count = 0;
        for (var i = 0; i < chosen.Length; i++)
        {
            ref var place = ref _places[chosen[i]];
            if (place == 0)
            {
                place = ++count;
                _uses[place - 1] = new ExpertUse(chosen[i], 0);
            }

            _uses[place - 1] = new ExpertUse(chosen[i], _uses[place - 1].GateShare + shares[i]);
        }

        steps.Add(step, _uses.AsSpan(0, count));
        foreach (var use in _uses.AsSpan(0, count))
        {
            _places[use.Expert] = 0;
        }
    }
}
