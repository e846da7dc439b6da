using System.Diagnostics;
using Crescent.Engine.KvCache;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Kernels.Attention;

namespace Crescent.Cli.Benchmarks;

/// <summary>
/// Measures through the generator, as an answer would run: sampling included. Tokens are random, prompts are fresh each time, and decoding draws at a
/// temperature so high that every token is about equally likely, so experts are chosen as evenly as they can be. A depth is filled once: the prompts of
/// all later tests begin with its tokens and start from its pages.
/// </summary>
internal sealed class Bench : IDisposable
{
    private const int WarmUpSteps = 8;
    private const int WarmUpSeed = 43;

    // Warm is what has run for a while, and no faster the last time than the time before.
    private static readonly TimeSpan s_leastWarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_mostWarmUp = TimeSpan.FromSeconds(4);
    private const double WarmUpGain = 1.05;

    private readonly ModelSession _session;
    private readonly BenchPlan _plan;
    private readonly Terminal _terminal;
    private readonly Generator _generator;
    private Random _random = new(42);
    private readonly List<int[]> _prefixes = []; // [sequences][deepest depth]
    private long _allocated; // managed bytes since the last measurement began

    public Bench(ModelSession session, BenchPlan plan, Terminal terminal)
    {
        _session = session;
        _plan = plan;
        _terminal = terminal;
        _generator = new Generator(session.Model, session.Tokenizer, new GeneratorOptions
        {
            Context = session.Context,
            MaxSequences = plan.MostSequences,
            // Beside what the sequences hold, what the repeat before has left: taking those pages first keeps the filled ones.
            MaxCachePages = plan.MostSequences * (PagePool.PagesFor(session.Context) + PagePool.PagesFor(plan.TailTokens)),
        });
    }

    /// <summary>The tests, each as it ends.</summary>
    public IEnumerable<BenchTest> Run(CancellationToken cancellation)
    {
        foreach (var depth in _plan.Depths)
        {
            if (_plan.PromptTokens > 0)
            {
                yield return Prefill(depth, cancellation);
            }

            foreach (var batch in _plan.DecodeTokens > 0 ? _plan.Batches : [])
            {
                yield return Decode(depth, batch, cancellation);
            }
        }
    }

    public void Dispose() => _generator.Dispose();

    private BenchTest Prefill(int depth, CancellationToken cancellation)
    {
        Fill(0, depth, cancellation);
        return Measure(BenchTest.Prefill, _plan.PromptTokens, depth, 1, _ => PrefillOnce(depth, cancellation));
    }

    private BenchTest Decode(int depth, int batch, CancellationToken cancellation)
    {
        for (var sequence = 0; sequence < batch; sequence++)
        {
            Fill(sequence, depth, cancellation);
        }

        return Measure(BenchTest.Decode, _plan.DecodeTokens, depth, batch, warmUp => DecodeOnce(depth, batch, warmUp ? Math.Min(_plan.DecodeTokens, WarmUpSteps) : _plan.DecodeTokens, cancellation));
    }

    private BenchTest Measure(string name, int tokens, int depth, int batch, Func<bool, BenchSample> measure)
    {
        var samples = new List<BenchSample>();
        var profile = _plan.Profiles ? new StepProfile() : null;
        _session.Model.Profile = profile;
        _terminal.Detail($"{name} of {tokens} tokens at depth {depth}, batch {batch}: warm-up");
        WarmUp(() => measure(true));
        for (var i = 0; i < _plan.Repeats; i++)
        {
            _terminal.Detail($"{name} of {tokens} tokens at depth {depth}, batch {batch}: repeat {i + 1} of {_plan.Repeats}");
            samples.Add(measure(false));
        }

        _session.Model.Profile = null;
        var median = BenchTest.MedianOf(samples);
        var streamed = _session.Model.Streaming is { } streaming
            ? StreamedReport.Of(streaming.Experts, median.Streamed!.Value, TimeSpan.FromSeconds(median.Seconds), median.Tokens)
            : null;
        return new BenchTest(name, tokens, depth, batch, samples, profile, streamed);
    }

    // Draws tokens of its own: how long it lasts must not change those that are measured.
    private void WarmUp(Func<BenchSample> measure)
    {
        var random = _random;
        _random = new Random(WarmUpSeed);
        var clock = Stopwatch.StartNew();
        var (before, now) = (0.0, measure().TokensPerSecond);
        while (clock.Elapsed < s_mostWarmUp && (clock.Elapsed < s_leastWarmUp || now > before * WarmUpGain))
        {
            (before, now) = (now, measure().TokensPerSecond);
        }

        _random = random;
    }

    // Computes a sequence's first tokens and leaves their pages to whoever begins alike. With one token more, a recurrent model's state is kept where they end.
    private void Fill(int sequence, int depth, CancellationToken cancellation)
    {
        if (depth > 0)
        {
            _terminal.Detail($"filling the cache of sequence {sequence + 1} to {depth} tokens");
            var ahead = Add([.. Prefix(sequence, depth), AnyToken()], maxTokens: 1);
            RunUntil(() => ahead.FinishReason is not null, [ahead], cancellation);
        }
    }

    private BenchSample PrefillOnce(int depth, CancellationToken cancellation)
    {
        var sequence = Add([.. Prefix(0, depth), .. AnyTokens(_plan.PromptTokens)], maxTokens: 1);
        return Time(() => RunUntil(() => sequence.FinishReason is not null, [sequence], cancellation), () =>
        {
            RequireCached(sequence, depth);
            return sequence.PromptLength - sequence.CachedTokens;
        });
    }

    private BenchSample DecodeOnce(int depth, int batch, int steps, CancellationToken cancellation)
    {
        var sequences = Enumerable.Range(0, batch).Select(i => Add([.. Prefix(i, depth), AnyToken()], int.MaxValue)).ToArray();
        // The prompts and each one's first token are not part of the measurement.
        RunUntil(() => sequences.All(sequence => !sequence.GeneratedTokens.IsEmpty), sequences, cancellation);
        foreach (var sequence in sequences)
        {
            RequireCached(sequence, depth);
        }

        var sample = Time(() => RunSteps(steps, sequences, cancellation), () => batch * steps);
        foreach (var sequence in sequences)
        {
            Generator.Cancel(sequence);
        }

        _generator.Step(); // nothing is left to compute: pages go back
        return sample;
    }

    private BenchSample Time(Action run, Func<int> count)
    {
        LanguageModel model = _session.Model;
        var (bytes, experts) = (model.WeightBytesRead, model.ExpertCounts);
        var streamed = model.Streaming?.Experts.Counts;
        _allocated = 0;
        model.Profile?.Clear();
        var clock = Stopwatch.StartNew();
        run();
        var seconds = clock.Elapsed.TotalSeconds;
        var tokens = count();
        var layers = model.ExpertCounts.Layers - experts.Layers;
        return new BenchSample(
            tokens,
            seconds,
            model.WeightBytesRead - bytes,
            _allocated / tokens,
            layers > 0 ? (double)(model.ExpertCounts.Experts - experts.Experts) / layers : null,
            model.Streaming?.Experts.Counts - streamed);
    }

    private void RunUntil(Func<bool> done, Sequence[] sequences, CancellationToken cancellation)
    {
        while (!done())
        {
            Step(sequences, cancellation);
        }
    }

    private void RunSteps(int steps, Sequence[] sequences, CancellationToken cancellation)
    {
        for (var i = 0; i < steps; i++)
        {
            Step(sequences, cancellation);
            if (_generator.LastStepTokens != sequences.Length)
            {
                throw new CommandFailedException($"expected a token of each of {sequences.Length} sequences in a step, found {_generator.LastStepTokens}: fewer sequences fit");
            }
        }
    }

    private void Step(Sequence[] sequences, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _session.Model.Cancellation = cancellation;
        _generator.Step();
        cancellation.ThrowIfCancellationRequested();
        _allocated += _generator.LastStepAllocatedBytes;
        foreach (var sequence in sequences)
        {
            if (sequence.FinishReason is FinishReason.Failed)
            {
                throw new CommandFailedException(sequence.Error!);
            }
        }
    }

    private static void RequireCached(Sequence sequence, int depth)
    {
        if (sequence.CachedTokens < depth / PagedAttention.PageTokens * PagedAttention.PageTokens)
        {
            throw new CommandFailedException($"expected {depth} tokens in the cache, found {sequence.CachedTokens}: fewer sequences or a smaller depth fit");
        }
    }

    private Sequence Add(int[] prompt, int maxTokens) => _generator.Add(new GenerationRequest
    {
        Prompt = prompt,
        Sampling = new SamplingOptions { Temperature = 100, Seed = (ulong)_random.NextInt64() },
        MaxTokens = maxTokens,
    });

    private ReadOnlySpan<int> Prefix(int sequence, int depth)
    {
        while (_prefixes.Count <= sequence)
        {
            _prefixes.Add(AnyTokens(_plan.Depths[^1]));
        }

        return _prefixes[sequence].AsSpan(0, depth);
    }

    private int[] AnyTokens(int count)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            tokens[i] = AnyToken();
        }

        return tokens;
    }

    private int AnyToken() => _random.Next(_session.Model.Shape.Vocab);
}
