using System.Diagnostics;

namespace Crescent.Engine.Experts;

/// <summary>
/// Whether reading ahead pays: not on a drive that is the limit anyway, where a wrong guess delays what is needed, and not while most guesses are wrong. Judged
/// over stretches of steps.
/// </summary>
internal sealed class AheadSwitch
{
    private const int StretchSteps = 16;
    private const int PauseSteps = 512; // after bad guesses
    private const double SaturatedWait = 0.75; // share of the time with nothing to compute
    private const double IdleWait = 0.6;
    private const double LeastUsed = 0.5; // of what was read ahead

    private ExpertCounts _before;
    private long _since = Stopwatch.GetTimestamp();
    private int _steps;
    private int _pause;
    private bool _saturated;

    public bool IsOn => !_saturated && _pause == 0;

    /// <param name="counts">What the store has done so far.</param>
    public void BeginStep(in ExpertCounts counts)
    {
        _pause = Math.Max(0, _pause - 1);
        if (++_steps < StretchSteps)
        {
            return;
        }

        var stretch = counts - _before;
        var waited = stretch.Waited / Stopwatch.GetElapsedTime(_since);
        _saturated = waited > (_saturated ? IdleWait : SaturatedWait);
        if (stretch.AheadRead >= StretchSteps && stretch.AheadUsed < stretch.AheadRead * LeastUsed)
        {
            _pause = PauseSteps;
        }

        (_before, _since, _steps) = (counts, Stopwatch.GetTimestamp(), 0);
    }
}
