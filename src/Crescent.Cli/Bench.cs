using System.Diagnostics;
using Crescent.Cli.Json;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Cli;

/// <summary>What a benchmark measures.</summary>
internal sealed record BenchPlan(int PromptTokens, int DecodeTokens, int Depth, int Repeats, IReadOnlyList<int> Batches)
{
    /// <summary>Context that the longest test needs.</summary>
    public int Context => Depth + Math.Max(PromptTokens, DecodeTokens) + 8;
}

/// <summary>
/// Measures through the generator, as an answer would run: sampling included. Tokens are random, prompts are fresh each time (no prefix is shared),
/// and decoding draws at a temperature so high that every token is about equally likely, so experts are chosen as evenly as they can be.
/// </summary>
internal sealed class Bench(ModelSession session, BenchPlan plan, double bandwidth)
{
    private static readonly SamplingOptions s_anyToken = new() { Temperature = 100, Seed = 1 };

    private readonly ModelSession _session = session;
    private readonly BenchPlan _plan = plan;
    private readonly double _bandwidth = bandwidth; // bytes a second
    private readonly Random _random = new(42);

    public IReadOnlyList<BenchTestJson> Run(Terminal terminal, CancellationToken cancellation)
    {
        var tests = new List<BenchTestJson>();
        if (_plan.PromptTokens > 0)
        {
            tests.Add(Measure(terminal, "prefill", _plan.PromptTokens, 1, cancellation));
        }

        if (_plan.DecodeTokens > 0)
        {
            tests.AddRange(_plan.Batches.Select(batch => Measure(terminal, "decode", _plan.DecodeTokens, batch, cancellation)));
        }

        return tests;
    }

    private BenchTestJson Measure(Terminal terminal, string test, int tokens, int batch, CancellationToken cancellation)
    {
        var samples = new List<Sample>();
        for (var i = -1; i < _plan.Repeats; i++)
        {
            terminal.Detail($"{test} of {tokens} tokens, batch {batch}: {(i < 0 ? "warm-up" : $"repeat {i + 1} of {_plan.Repeats}")}");
            var sample = test == "prefill" ? Prefill(tokens, cancellation) : Decode(i < 0 ? Math.Min(tokens, 8) : tokens, batch, cancellation);
            if (i >= 0)
            {
                samples.Add(sample);
            }
        }

        samples.Sort((a, b) => a.TokensPerSecond.CompareTo(b.TokensPerSecond));
        var median = samples[samples.Count / 2];
        var rate = median.WeightBytes / median.Seconds;
        return new BenchTestJson(
            test,
            tokens,
            _plan.Depth,
            batch,
            _plan.Repeats,
            new BenchRangeJson(median.TokensPerSecond, samples[0].TokensPerSecond, samples[^1].TokensPerSecond),
            median.WeightBytes / median.Tokens,
            rate / 1e9,
            rate / _bandwidth,
            samples.Max(sample => sample.AllocatedBytes),
            median.DistinctExperts,
            null);
    }

    private Sample Prefill(int tokens, CancellationToken cancellation)
    {
        using var generator = _session.CreateGenerator();
        var prompt = RandomTokens(_plan.Depth + tokens);
        if (_plan.Depth > 0)
        {
            // The depth is a prompt of its own, whose pages the measured one then starts from: no step holds tokens of both.
            var ahead = generator.Add(new GenerationRequest { Prompt = prompt[.._plan.Depth], Sampling = s_anyToken, MaxTokens = 1 });
            while (ahead.FinishReason is null)
            {
                Step(generator, cancellation);
            }
        }

        var sequence = generator.Add(new GenerationRequest { Prompt = prompt, Sampling = s_anyToken, MaxTokens = 1 });
        return Time(generator, () => sequence.FinishReason is not null, () => sequence.PromptLength - sequence.CachedTokens, cancellation);
    }

    private Sample Decode(int tokens, int batch, CancellationToken cancellation)
    {
        using var generator = _session.CreateGenerator(batch);
        var sequences = new List<Sequence>();
        for (var i = 0; i < batch; i++)
        {
            sequences.Add(generator.Add(new GenerationRequest { Prompt = RandomTokens(Math.Max(1, _plan.Depth)), Sampling = s_anyToken, MaxTokens = tokens + 1 }));
        }

        // The prompts and each one's first token are not part of the measurement.
        while (sequences.Any(sequence => sequence.GeneratedTokens.IsEmpty))
        {
            Step(generator, cancellation);
        }

        var before = sequences.Sum(sequence => sequence.GeneratedTokens.Length);
        return Time(generator, () => sequences.All(sequence => sequence.FinishReason is not null), () => (batch * (tokens + 1)) - before, cancellation);
    }

    private Sample Time(Generator generator, Func<bool> finished, Func<int> count, CancellationToken cancellation)
    {
        LanguageModel model = _session.Model;
        var (bytes, experts) = (model.WeightBytesRead, model.ExpertCounts);
        long allocated = 0;
        var clock = Stopwatch.StartNew();
        while (!finished())
        {
            Step(generator, cancellation);
            allocated += generator.LastStepAllocatedBytes;
        }

        var seconds = clock.Elapsed.TotalSeconds;
        var tokens = count();
        var layers = model.ExpertCounts.Layers - experts.Layers;
        return new Sample(
            tokens,
            seconds,
            model.WeightBytesRead - bytes,
            allocated / Math.Max(1, tokens),
            layers > 0 ? (double)(model.ExpertCounts.Experts - experts.Experts) / layers : null);
    }

    private static void Step(Generator generator, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        generator.Step();
    }

    private int[] RandomTokens(int count)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            tokens[i] = _random.Next(_session.Model.Shape.Vocab);
        }

        return tokens;
    }

    private sealed record Sample(int Tokens, double Seconds, long WeightBytes, long AllocatedBytes, double? DistinctExperts)
    {
        public double TokensPerSecond => Tokens / Seconds;
    }
}
