using Crescent.Text.Templates;

namespace Crescent.Training.Judging;

/// <summary>A turn with the answer it got.</summary>
/// <param name="Text">The answer's text.</param>
/// <param name="Calls">The answer's calls: name and arguments.</param>
public sealed record JudgedTurn(string Kind, string Key, TurnOutcome Outcome, string Text, IReadOnlyList<string> Calls, IReadOnlyList<string> Recorded)
{
    public static string Spell(ToolCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return $"{call.Name} {call.Arguments}";
    }
}
