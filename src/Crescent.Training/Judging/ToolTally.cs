namespace Crescent.Training.Judging;

/// <summary>Outcomes of a kind of turns.</summary>
/// <param name="Malformed">Turns whose call cannot be carried out.</param>
/// <param name="FitSchema">Turns whose calls all fit their schemas.</param>
public sealed record ToolTally(string Kind, int Turns, int Called, int RightTool, int RightArguments, int NearlyRightArguments, int Malformed, int FitSchema)
{
    /// <summary>One a kind, and where there are several a last one over all.</summary>
    public static IReadOnlyList<ToolTally> Of(IReadOnlyList<JudgedTurn> turns)
    {
        ArgumentNullException.ThrowIfNull(turns);
        ToolTally[] kinds = [.. turns.GroupBy(turn => turn.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => Count(kind.Key, [.. kind]))];
        return kinds.Length > 1 ? [.. kinds, Count("all", turns)] : kinds;
    }

    private static ToolTally Count(string kind, IReadOnlyCollection<JudgedTurn> turns)
    {
        int Those(Func<TurnOutcome, bool> which) => turns.Count(turn => which(turn.Outcome));
        return new ToolTally(
            kind, turns.Count, Those(turn => turn.Called), Those(turn => turn.RightTool), Those(turn => turn.RightArguments), Those(turn => turn.NearlyRightArguments), Those(turn => turn.IsMalformed), Those(turn => turn.FitsSchema));
    }
}
