namespace Crescent.Engine.Experts;

/// <summary>
/// Whether reading ahead pays, judged by bytes over stretches of steps. Reads ahead begin only while nothing is asked for, so what they bring in time is time saved; a wrong one may delay a
/// demand, and took the place of another expert. Waiting time would not tell: reading ahead itself lowers it.
/// </summary>
internal sealed class AheadSwitch
{
    private const int StretchSteps = 16;
    private const int PauseSteps = 512; // after bad guesses
    private const long LeastUsedPerWasted = 2;

    private ExpertCounts _before;
    private int _steps;
    private int _pause;

    public bool IsOn => _pause == 0;

    /// <param name="counts">What the store has done so far.</param>
    public void BeginStep(in ExpertCounts counts)
    {
        _pause = Math.Max(0, _pause - 1);
        if (++_steps < StretchSteps)
        {
            return;
        }

        var stretch = counts - _before;
        if (stretch.AheadUsedBytes < LeastUsedPerWasted * stretch.AheadWastedBytes)
        {
            _pause = PauseSteps;
        }

        (_before, _steps) = (counts, 0);
    }
}
