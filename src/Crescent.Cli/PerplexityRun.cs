using System.Runtime.InteropServices;
using Crescent.Cli.Json;
using Crescent.Engine.Runtime;
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
    private ModelSession? _baseSession;
    private FileStream? _baseLogits;
    private FileStream? _saved;

    private int Vocab => _session.Model.Shape.Vocab;

    private int Rows => checked((int)_text.Windows.Sum(window => (long)window.Scored));

    public void SaveTo(string? path)
    {
        if (path is not null)
        {
            _saved = OutputFile.Create("--save-logits", path);
            LogitsFile.WriteHeader(_saved, Vocab, Rows, LogitsFile.HashOf(_text.Tokens, _text.Windows));
        }
    }

    /// <param name="path">Stored logits or a model; null for no comparison.</param>
    public void CompareWith(string? path, Func<string, ModelSession> open)
    {
        if (path is null)
        {
            return;
        }

        _divergence = new DivergenceTally();
        if (LogitsFile.LooksRight(path))
        {
            try
            {
                _baseLogits = LogitsFile.OpenRead(path, Vocab, Rows, LogitsFile.HashOf(_text.Tokens, _text.Windows));
            }
            catch (InvalidDataException exception)
            {
                throw new CommandFailedException($"--kl-base: {exception.Message}");
            }

            return;
        }

        _baseSession = open(path);
        if (_baseSession.Model.Shape.Vocab != Vocab)
        {
            throw new CommandFailedException($"--kl-base: {path}: expected a vocabulary of {Vocab} as the model's, found {_baseSession.Model.Shape.Vocab}");
        }
    }

    public void Execute(CancellationToken cancellation)
    {
        using var progress = new ProgressLine(_terminal, "scored");
        var row = new float[Vocab];
        long done = 0;
        foreach (var window in _text.Windows)
        {
            var tokens = TokensOf(window);
            var baseRows = BaseRows(tokens, window, cancellation);
            var index = 0;
            Run(_session, tokens, window, (position, logits) =>
            {
                _loss.Add(logits, _text.Tokens[window.Start + position + 1]);
                _saved?.Write(MemoryMarshal.AsBytes(logits));
                if (_divergence is not null)
                {
                    if (_baseLogits is not null)
                    {
                        _baseLogits.ReadExactly(MemoryMarshal.AsBytes(row.AsSpan()));
                    }

                    _divergence.Add(_baseLogits is null ? baseRows.AsSpan(index++ * Vocab, Vocab) : row, logits);
                }
            }, cancellation);
            progress.Show(done += window.Scored, Rows);
        }

        _saved?.Flush();
        if (!double.IsFinite(_loss.Sum))
        {
            throw new CommandFailedException($"{_session.Checkpoint.Path}: expected finite logits, found NaN or infinity");
        }
    }

    public PerplexityJson Report()
    {
        // A word's, a byte's: the whole text's loss shared among them.
        double? PerUnit(long units) => units > 0 ? Math.Exp(_loss.Sum / units) : null;
        return new PerplexityJson(
            _loss.Count,
            _loss.Perplexity,
            PerUnit(_text.Words),
            PerUnit(_text.Bytes),
            _text.Bytes > 0 ? _loss.Sum / _text.Bytes / Math.Log(2) : null,
            _loss.StandardError,
            _divergence?.Mean,
            _divergence?.Percentile99,
            _divergence?.TopOneAgreement,
            _text.Context,
            _text.Counting == TextCounting.Llama ? "llama" : "everyToken");
    }

    public void Dispose()
    {
        _saved?.Dispose();
        _baseLogits?.Dispose();
        _baseSession?.Dispose();
    }

    private int[] TokensOf(ScoringWindow window)
    {
        var tokens = _text.Tokens.AsSpan(window.Start, window.Length).ToArray();
        if (window.ReplaceFirst)
        {
            tokens[0] = _session.Tokenizer.BosId!.Value;
        }

        return tokens;
    }

    private float[] BaseRows(int[] tokens, ScoringWindow window, CancellationToken cancellation)
    {
        if (_baseSession is null)
        {
            return [];
        }

        var rows = new float[(long)window.Scored * Vocab];
        Run(_baseSession, tokens, window, (position, logits) => logits.CopyTo(rows.AsSpan((position - window.FirstScored) * Vocab)), cancellation);
        return rows;
    }

    // The last position predicts a token outside the window.
    private static void Run(ModelSession session, int[] tokens, ScoringWindow window, Action<int, Span<float>> visit, CancellationToken cancellation) =>
        Scorer.Run(session.Model, tokens.AsSpan(0, tokens.Length - 1), session.Model.Batch.MaxTokens, new Action<int, Span<float>>(visit), window.FirstScored, cancellation);
}
