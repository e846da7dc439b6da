using System.Diagnostics;
using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Cli.Planning;
using Crescent.Engine.Experts;
using Crescent.Engine.Planning;
using Crescent.Engine.Runtime;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>What one answer took, for the closing line and for JSON.</summary>
internal sealed class RunReport
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Sequence _sequence;
    private readonly ModelSession _session;
    private readonly ExpertCounts _before;
    private ExpertCounts _beforeDecode;
    private TimeSpan? _firstToken;
    private TimeSpan _end;

    /// <param name="session">Runs the sequence.</param>
    public RunReport(Sequence sequence, ModelSession session)
    {
        (_sequence, _session) = (sequence, session);
        _before = session.Model.Streaming?.Experts.Counts ?? default;
    }

    /// <summary>Called after every step.</summary>
    public void Observe()
    {
        _end = _clock.Elapsed;
        if (_sequence.GeneratedTokens.Length > 0)
        {
            if (_firstToken is null)
            {
                _firstToken = _end;
                _beforeDecode = _session.Model.Streaming?.Experts.Counts ?? default;
            }
        }
    }

    public TimeSpan TimeToFirstToken => _firstToken ?? _end;

    public double PrefillTokensPerSecond => Rate(_sequence.PromptLength - _sequence.CachedTokens, TimeToFirstToken);

    public double DecodeTokensPerSecond => Rate(_sequence.GeneratedTokens.Length - 1, _end - TimeToFirstToken);

    public static long ResidentBytes => Environment.WorkingSet;

    /// <summary>The closing line of an answer, and another where it is lossy.</summary>
    public string Line()
    {
        var cached = _sequence.CachedTokens > 0 ? $" ({_sequence.CachedTokens} cached{Restored()})" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"prompt {_sequence.PromptLength} tokens{cached} at {PrefillTokensPerSecond:F1} tok/s, generated {_sequence.GeneratedTokens.Length} at {DecodeTokensPerSecond:F1} tok/s{DraftedText()}{PredictedText()}, first token {TimeToFirstToken.TotalMilliseconds:F0} ms, resident {Sizes.Format(ResidentBytes)}{StreamedText()}, seed {_sequence.Seed}{LossyText()}");
    }

    /// <summary>The answer and what it took.</summary>
    public RunJson ToJson(ChatMessage answer) => new(
        answer.Content ?? "",
        answer.ReasoningContent,
        answer.ToolCalls.Count > 0 ? [.. answer.ToolCalls.Select(call => new ToolCallJson(call.Id, call.Name, call.Arguments))] : null,
        _sequence.GeneratedTokens.ToArray(),
        _sequence.FinishReason!.Value.ToString().ToLowerInvariant(),
        _sequence.PromptLength,
        _sequence.CachedTokens,
        _sequence.RestoredTokens,
        _sequence.RestoreTime.TotalMilliseconds,
        _sequence.GeneratedTokens.Length,
        PrefillTokensPerSecond,
        DecodeTokensPerSecond,
        TimeToFirstToken.TotalMilliseconds,
        ResidentBytes,
        Streamed()?.HitRate,
        Streamed(),
        _sequence.Seed)
    {
        Lossy = _session.Lossy?.ToJson(),
        DraftedTokens = _sequence.DraftedTokens,
        AcceptedTokens = _sequence.AcceptedTokens,
    };

    private StreamingJson? Streamed()
    {
        if (_session.Model.Streaming is not { Experts: var store })
        {
            return null;
        }

        var streamed = StreamedReport.Of(store, store.Counts - _before, _end, _sequence.PromptLength - _sequence.CachedTokens + _sequence.GeneratedTokens.Length);
        return _session.Forecast is { } forecast && Decoded(store.Counts - _beforeDecode) is { } run ? forecast.AddTo(streamed, run) : streamed;
    }

    // Null where no token came after the first.
    private StreamedRun? Decoded(ExpertCounts counts) => DecodeTokensPerSecond > 0
        ? new StreamedRun(_sequence.GeneratedTokens.Length - 1, (_end - TimeToFirstToken).TotalSeconds, counts.Used, counts.Hits, counts.BytesRead)
        : null;

    private string StreamedText() => Streamed() is { } streamed
        ? string.Create(CultureInfo.InvariantCulture, $", experts in memory {streamed.HitRate:P0}, {streamed.DriveBytesPerToken / 1e6:F0} MB a token from the drive at {streamed.DriveGBps:F2} GB/s")
        : "";

    private string LossyText() => _session.Lossy is { } lossy ? $"\n{lossy.Line}" : "";

    private string DraftedText() =>
        _sequence.DraftedTokens > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({_sequence.AcceptedTokens} of {_sequence.DraftedTokens} guesses right)") : "";

    private string PredictedText() => Streamed() is { PredictedTokensPerSecond: { } predicted, BoundTokensPerSecond: { } bound }
        ? string.Create(CultureInfo.InvariantCulture, $" (predicted {predicted:F1}, at most {bound:F1})")
        : "";

    private string Restored() =>
        _sequence.RestoredTokens > 0 ? string.Create(CultureInfo.InvariantCulture, $", {_sequence.RestoredTokens} of them restored in {_sequence.RestoreTime.TotalMilliseconds:F1} ms") : "";

    private static double Rate(int tokens, TimeSpan time) => tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
