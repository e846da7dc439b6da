namespace Crescent.Engine.Models.Layers;

/// <summary>
/// Where a layer's routed experts are: in this process's memory, on a drive, or elsewhere. A layer asks once a step for the outputs of all its slots.
/// </summary>
public interface IExpertPlace
{
    /// <summary>
    /// Writes the output of every (token, expert) slot to <see cref="MoeScratch.Output"/>, and that of the unit which every token takes, if there is one, to
    /// <see cref="ForwardState.BlockOutput"/>. The slots are grouped by expert; the order in which experts run does not show in the result.
    /// </summary>
    void Run(ForwardState state, ExpertUnits units);

    /// <summary>Tells which experts are in memory, or on their way.</summary>
    /// <param name="resident">[experts], overwritten</param>
    /// <returns>Whether some are not.</returns>
    bool FindResident(Span<bool> resident);
}
