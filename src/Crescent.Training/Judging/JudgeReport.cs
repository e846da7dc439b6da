using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Training.Judging;

/// <summary>What was found out about a model.</summary>
/// <param name="Losses">By kind of text.</param>
/// <param name="Calls">Turns where a tool was called, answered freely.</param>
/// <param name="Texts">Turns where text was said, answered freely.</param>
/// <param name="BoundCalls">The turns of <paramref name="Calls"/>, answers bound to the tools' schemas.</param>
/// <param name="LeftOut">Turns of conversations with too few tools on offer.</param>
/// <param name="Other">The other model and how far this one is from it; null for none.</param>
public sealed record JudgeReport(
    JudgedSpeed Model,
    ulong Seed,
    int Context,
    int LeastTools,
    IReadOnlyList<KindLoss> Losses,
    IReadOnlyList<ToolTally> Calls,
    IReadOnlyList<ToolTally> Texts,
    IReadOnlyList<ToolTally> BoundCalls,
    int LeftOut,
    IReadOnlyList<SampleAnswer> Samples,
    ComparedModel? Other,
    IReadOnlyList<JudgedTurn> CallTurns,
    IReadOnlyList<JudgedTurn> TextTurns,
    IReadOnlyList<JudgedTurn> BoundTurns)
{
    public string ToJson() => JsonSerializer.Serialize(this, JudgeJson.Default.JudgeReport) + "\n";
}

/// <summary>A model's size and speed.</summary>
/// <param name="Name">Its file or folder.</param>
/// <param name="ScoringTokensPerSecond">Of the passes that took the losses, logits of all positions included.</param>
/// <param name="AnswerTokensPerSecond">Of one answer alone, the fastest of a few.</param>
public sealed record JudgedSpeed(string Name, long Bytes, double ScoringTokensPerSecond, double AnswerTokensPerSecond);

/// <summary>A model to compare with, on the same predictions.</summary>
public sealed record ComparedModel(JudgedSpeed Model, IReadOnlyList<KindLoss> Losses, IReadOnlyList<KindDivergence> Divergences);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(JudgeReport))]
internal sealed partial class JudgeJson : JsonSerializerContext;
