using System.Diagnostics;
using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Engine.Experts;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>What one answer took, for the closing line and for JSON.</summary>
internal sealed class RunReport
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Sequence _sequence;
    private readonly LanguageModel _model;
    private readonly ExpertCounts _before;
    private TimeSpan? _firstToken;
    private TimeSpan _end;

    /// <param name="model">Runs the sequence.</param>
    public RunReport(Sequence sequence, LanguageModel model)
    {
        (_sequence, _model) = (sequence, model);
        _before = model.Streaming?.Experts.Counts ?? default;
    }

    /// <summary>Called after every step.</summary>
    public void Observe()
    {
        _end = _clock.Elapsed;
        if (_sequence.GeneratedTokens.Length > 0)
        {
            _firstToken ??= _end;
        }
    }

    public TimeSpan TimeToFirstToken => _firstToken ?? _end;

    public double PrefillTokensPerSecond => Rate(_sequence.PromptLength - _sequence.CachedTokens, TimeToFirstToken);

    public double DecodeTokensPerSecond => Rate(_sequence.GeneratedTokens.Length - 1, _end - TimeToFirstToken);

    public static long ResidentBytes => Environment.WorkingSet;

    /// <summary>The closing line of an answer.</summary>
    public string Line()
    {
        var cached = _sequence.CachedTokens > 0 ? $" ({_sequence.CachedTokens} cached{Restored()})" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"prompt {_sequence.PromptLength} tokens{cached} at {PrefillTokensPerSecond:F1} tok/s, generated {_sequence.GeneratedTokens.Length} at {DecodeTokensPerSecond:F1} tok/s, first token {TimeToFirstToken.TotalMilliseconds:F0} ms, resident {Sizes.Format(ResidentBytes)}{StreamedText()}, seed {_sequence.Seed}");
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
        _sequence.Seed);

    private StreamingJson? Streamed() => _model.Streaming is { } streaming
        ? StreamedReport.Of(streaming.Experts, streaming.Experts.Counts - _before, _end, _sequence.PromptLength - _sequence.CachedTokens + _sequence.GeneratedTokens.Length)
        : null;

    private string StreamedText() => Streamed() is { } streamed
        ? string.Create(CultureInfo.InvariantCulture, $", experts in memory {streamed.HitRate:P0}, {streamed.DriveBytesPerToken / 1e6:F0} MB a token from the drive at {streamed.DriveGBps:F2} GB/s")
        : "";

    private string Restored() =>
        _sequence.RestoredTokens > 0 ? string.Create(CultureInfo.InvariantCulture, $", {_sequence.RestoredTokens} of them restored in {_sequence.RestoreTime.TotalMilliseconds:F1} ms") : "";

    private static double Rate(int tokens, TimeSpan time) => tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
