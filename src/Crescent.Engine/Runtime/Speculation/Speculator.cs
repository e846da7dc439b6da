using Crescent.Engine.Models;

namespace Crescent.Engine.Runtime.Speculation;

/// <summary>Decides for one generator which sequences draft, and how much.</summary>
internal sealed class Speculator(LanguageModel model, SpeculationOptions options)
{
    private readonly StepCost _cost = new(model.ExpertShape is not null);
    private long _readBefore;

    // A recurrent state cannot go back; a trace would hold what was rejected; helps that depend on what is in memory would depend on it too.
    private bool IsPossible =>
        model.CacheLayout.StateFloats == 0 && model.Recorder is null && model.Playback is null && model.Lossy is not { ActsOnAnswers: true };

    /// <summary>Read so far: bytes of weights, or experts where they come from the drive and nothing else counts beside them.</summary>
    private long Read => model.Streaming is null ? model.WeightBytesRead : model.ExpertCounts.Experts;

    /// <summary>Tokens to compute after the last one of a sequence. Valid until the next call.</summary>
    /// <param name="rows">Rows of the step that generate, without drafts.</param>
    /// <param name="room">Most tokens that the batch still takes.</param>
    public ReadOnlySpan<int> Draft(Sequence sequence, int rows, int room)
    {
        if (!IsPossible)
        {
            return [];
        }

        var drafter = sequence.Drafter ??= new Drafter(options.MostTokens);
        drafter.Look(sequence.Tokens);
        var guess = drafter.Guess;
        guess = guess[..Math.Clamp(sequence.MaxLength - sequence.Length - 1, 0, Math.Min(room, guess.Length))];
        guess = guess[..sequence.CountBeforeStop(guess)];
        if (options.IsAdaptive)
        {
            guess = guess[..drafter.CountPaying(guess.Length, rows, _cost.Row)];
        }

        return guess.IsEmpty ? guess : guess[..(sequence.Request.Constraint?.CountAllowed(guess) ?? guess.Length)];
    }

    public void BeginStep() => _readBefore = Read;

    /// <param name="rows">Rows of the step; 0 where some belong to a prompt.</param>
    public void EndStep(int rows)
    {
        if (rows > 0)
        {
            _cost.Add(rows, Read - _readBefore);
        }
    }
}
