using System.Globalization;
using System.Runtime.InteropServices;
using Crescent.Cli.Json;
using Crescent.Cli.Lossy;
using Crescent.Engine.Runtime.Scoring;

namespace Crescent.Cli;

/// <summary>Runs a text's windows through a model, and through a base model or its stored logits beside it.</summary>
internal sealed class PerplexityRun(ModelSession session, ScoredText text, Terminal terminal) : IDisposable
{
    private readonly ModelSession _session = session;
    private readonly ScoredText _text = text;
    private readonly Terminal _terminal = terminal;
    private readonly LossTally _loss = new();
    private DivergenceTally? _divergence;
    private IBaseLogits? _base;
    private PartialFile? _saved;

    private int Vocab => _session.Model.Shape.Vocab;

    public void SaveTo(string? path)
    {
        if (path is not null)
        {
            _saved = PartialFile.Create("--save-logits", path, LogitsFile.BytesFor(_text.Plan, Vocab));
            LogitsFile.WriteHeader(_saved.Stream, _text.Plan, Vocab);
        }
    }

    /// <summary>Compares with a base, which is this run's from now on; null for no comparison.</summary>
    public void CompareWith(IBaseLogits? logits)
    {
        _base = logits;
        _divergence = logits is null ? null : new DivergenceTally();
    }

    public void Execute(CancellationToken cancellation)
    {
        using var progress = new ProgressLine(_terminal, "scored");
        try
        {
            foreach (var window in _text.Plan.Windows)
            {
                Score(window, cancellation);
                progress.Show(_loss.Count, _text.Plan.Rows);
            }
        }
        catch (OperationCanceledException) when (_loss.Count > 0)
        {
            progress.Dispose();
            _terminal.Note(string.Create(
                CultureInfo.InvariantCulture, $"note: after {_loss.Count} of {_text.Plan.Rows} tokens: perplexity {_loss.Perplexity:F4} ± {_loss.StandardError:F4}"));
            throw;
        }

        _saved?.Complete();
    }

    /// <summary>What of the run is lossy, with its divergence from the exact one where that was its base; null where it is exact.</summary>
    public LossyLabel? MeasuredLabel() => _session.Lossy is { } lossy && _divergence is { } found && _base is ExactBase
        ? lossy with { Measured = new LossyMeasurement(found.Mean, found.StandardError, found.Count, _text.Name) }
        : _session.Lossy;

    public PerplexityJson Report()
    {
        if (!double.IsFinite(_loss.Perplexity))
        {
            throw new CommandFailedException(
                string.Create(CultureInfo.InvariantCulture, $"the mean loss, {_loss.Sum / _loss.Count:F1} nats a token, is more than a perplexity can express"));
        }

        // A word's, a byte's: the whole text's loss shared among them. Where a "word" is a page without a space, its perplexity may be beyond any number.
        double? PerUnit(long units) => units > 0 && Math.Exp(_loss.Sum / units) is var value && double.IsFinite(value) ? value : null;
        var quantiles = _divergence?.Quantiles(0.5, 0.99, 1);
        return new PerplexityJson(
            _loss.Count,
            _loss.Perplexity,
            PerUnit(_text.Words),
            PerUnit(_text.Bytes),
            _text.Bytes > 0 ? _loss.Sum / _text.Bytes / Math.Log(2) : null,
            _loss.StandardError,
            _divergence?.Mean,
            quantiles?[1],
            _divergence?.TopOneAgreement,
            _divergence?.StandardError,
            quantiles?[0],
            quantiles?[2],
            _text.Context,
            _text.Counting == TextCounting.Llama ? "llama" : "everyToken")
        {
            Lossy = MeasuredLabel()?.ToJson(),
        };
    }

    public void Dispose()
    {
        _saved?.Dispose();
        _base?.Dispose();
    }

    private void Score(in ScoringWindow window, CancellationToken cancellation)
    {
        var tokens = _text.Plan.TokensOf(window);
        _base?.Begin(tokens, window);
        var asAnswer = _session.Model.Lossy is { ActsOnAnswers: true };
        var chunk = asAnswer ? 1 : Math.Min(_session.Model.Batch.MaxTokens, tokens.Length);
        using var pass = new ScoringPass(_session.Model, tokens.AsSpan(..^1), chunk, window.FirstScored, isPrompt: !asAnswer); // the last token is only predicted
        while (pass.Step(cancellation))
        {
            for (var (position, end) = pass.Visited; position < end; position++)
            {
                Count(window.Start + position, pass.LogitsOf(position), _base is null ? [] : _base.Row(position, cancellation));
            }
        }
    }

    private void Count(int position, ReadOnlySpan<float> logits, ReadOnlySpan<float> baseLogits)
    {
        if (!double.IsFinite(_loss.Add(logits, _text.Plan.Tokens[position + 1])))
        {
            throw new CommandFailedException($"{_session.Checkpoint.Path}: expected finite logits, found NaN or infinity at token {position} of the text");
        }

        if (_divergence is not null && !double.IsFinite(_divergence.Add(baseLogits, logits)))
        {
            throw new CommandFailedException($"--kl-base: expected finite logits, found NaN or infinity at token {position} of the text");
        }

        _saved?.Stream.Write(MemoryMarshal.AsBytes(logits));
    }
}
