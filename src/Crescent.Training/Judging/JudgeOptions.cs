using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Training.Judging;

/// <summary>How much a model is judged on.</summary>
public sealed record JudgeOptions
{
    /// <summary>Predictions of each kind that losses are taken over, about.</summary>
    public int Tokens { get; init; } = 20_000;

    /// <summary>Most tokens that are run at once for losses; 0 for the rows of training.</summary>
    public int Context { get; init; }

    /// <summary>Assistant turns that call a tool, and as many that do not.</summary>
    public int Turns { get; init; } = 500;

    /// <summary>Only conversations with at least so many tools on offer are asked.</summary>
    public int LeastTools { get; init; } = 8;

    /// <summary>Most tokens of an answer.</summary>
    public int MostTokens { get; init; } = 200;

    /// <summary>Answers that run together.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>Chooses what is judged, and the samples' tokens.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How samples are drawn.</summary>
    public SamplingOptions Sampling => new() { Temperature = 0.7f, TopP = 0.95f, Seed = Seed };
}
