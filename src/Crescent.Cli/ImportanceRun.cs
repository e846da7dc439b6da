using Crescent.Cli.Json;
using Crescent.Engine.Runtime.Importance;
using Crescent.Engine.Runtime.Scoring;

namespace Crescent.Cli;

/// <summary>Runs a text's contexts through a model and keeps the squares of every product's inputs.</summary>
internal sealed class ImportanceRun
{
    private const int MostNamed = 3;

    private readonly ModelSession _session;
    private readonly Terminal _terminal;
    private readonly string _file;
    private readonly ScoringPlan _plan;
    private readonly int _context;
    private readonly ImportanceCollector _collector;

    /// <param name="text">Contents of <paramref name="file"/>.</param>
    /// <param name="context">Tokens that are run together.</param>
    /// <param name="most">Only the first contexts; null for all.</param>
    /// <param name="withHead">Whether the head's input counts too, which takes the logits of every position.</param>
    public ImportanceRun(ModelSession session, byte[] text, string file, int context, int? most, bool withHead, Terminal terminal)
    {
        (_session, _terminal, _file) = (session, terminal, file);
        var ids = ScoredText.Encode(session.Tokenizer, ScoredText.WithoutNewline(text).Span);
        if (ids.Count <= (session.Tokenizer.AddBos ? 1 : 0))
        {
            throw new CommandFailedException($"--file: expected a text of at least one token, found none: {file}");
        }

        // Whole contexts, the rest left out, as llama.cpp does; a text shorter than one is one.
        _context = Math.Min(context, ids.Count);
        var windows = Enumerable.Range(0, Math.Min(ids.Count / _context, most ?? int.MaxValue))
            .Select(i => new ScoringWindow(i * _context, _context, withHead ? 0 : _context, Scored: withHead ? _context : 0, session.Tokenizer.AddBos));
        _plan = new ScoringPlan(ids, windows, session.Tokenizer.BosId);
        _collector = new ImportanceCollector(session.Model.Matrices);
    }

    /// <summary>Measures, and writes what was measured; after an interruption what was measured until then.</summary>
    public ImatrixJson Execute(string path, CancellationToken cancellation)
    {
        var done = 0;
        _session.Model.Observer = _collector.Observe;
        try
        {
            using var progress = new ProgressLine(_terminal, "measured");
            foreach (var window in _plan.Windows)
            {
                Run(window, cancellation);
                progress.Show((long)++done * _context, (long)_plan.Windows.Count * _context);
            }
        }
        catch (OperationCanceledException) when (done > 0)
        {
            Save(path, done);
            _terminal.Note($"note: {path} holds what {done} of {_plan.Windows.Count} contexts gave");
            throw;
        }
        finally
        {
            _session.Model.Observer = null;
        }

        Save(path, done);
        NotePartial();
        return new ImatrixJson(path, _collector.Count, done, (long)done * _context, _context, [.. _collector.Partial().Select(tensor => new ImatrixPartialJson(tensor.Name, tensor.Seen, tensor.Matrices))]);
    }

    private void Run(in ScoringWindow window, CancellationToken cancellation)
    {
        var tokens = _plan.TokensOf(window);
        using var pass = new ScoringPass(_session.Model, tokens, Math.Min(_session.Model.Batch.MaxTokens, tokens.Length), window.FirstScored);
        while (pass.Step(cancellation))
        {
        }
    }

    private void Save(string path, int chunks) => _collector.ToMatrix(_file, chunks, _context).Save(path);

    private void NotePartial()
    {
        var partial = _collector.Partial().ToArray();
        if (partial.Length > 0)
        {
            var named = string.Join(", ", partial.Take(MostNamed).Select(tensor => $"{tensor.Name}: {tensor.Seen} of {tensor.Matrices}"));
            _terminal.Note($"note: experts of {partial.Length} tensors saw no token of this text ({named}{(partial.Length > MostNamed ? ", …" : "")}); a longer text reaches more");
        }
    }
}
