using BenchmarkDotNet.Attributes;
using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Bench;

/// <summary>One token sampled from the logits of Kimi K2's vocabulary.</summary>
[MemoryDiagnoser]
public class SamplingBenchmarks
{
    private const int Vocab = 163_840;

    private static readonly Dictionary<string, SamplingOptions> s_options = new()
    {
        ["greedy"] = new() { Temperature = 0 },
        ["temperature 0.8"] = new() { Temperature = 0.8f },
        ["top-k 40"] = new() { TopK = 40 },
        ["top-p 0.95"] = new() { TopP = 0.95f },
        ["min-p 0.05"] = new() { MinP = 0.05f },
        ["all three"] = new() { TopK = 40, TopP = 0.95f, MinP = 0.05f, Temperature = 0.8f },
        ["penalties"] = new() { RepetitionPenalty = 1.1f, PresencePenalty = 0.1f, PenaltyLastN = -1 },
    };

    private readonly float[] _source = new float[Vocab];
    private readonly float[] _logits = new float[Vocab];
    private readonly int[] _history = [.. Enumerable.Range(0, 2000).Select(i => i * 37 % Vocab)];
    private Sampler _sampler = null!;

    public static IEnumerable<string> Settings => s_options.Keys;

    [ParamsSource(nameof(Settings))]
    public string Setting { get; set; } = "";

    /// <summary>Standard deviation of the normally distributed logits: 1 is flat, as random weights give them; 6 is peaked.</summary>
    [Params(1f, 3f, 6f)]
    public float Spread { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        for (var i = 0; i < Vocab; i++)
        {
            _source[i] = (float)(Spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        _sampler = new Sampler(s_options[Setting] with { Seed = 1 }, Vocab);
    }

    /// <summary>The copy, which keeps penalties from piling up, is part of the time.</summary>
    [Benchmark]
    public int Sample()
    {
        _source.CopyTo(_logits, 0);
        return _sampler.Sample(_logits, _history);
    }
}
