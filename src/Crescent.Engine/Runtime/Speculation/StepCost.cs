namespace Crescent.Engine.Runtime.Speculation;

/// <summary>
/// What one more row costs in a step: what it has read of the weights beside the others (experts differ from row to row, all else is read once), and a
/// little arithmetic. From counts of what was read, not from clocks, so that the same run drafts the same.
/// </summary>
internal sealed class StepCost(bool hasExperts)
{
    private const double Arithmetic = 0.05;    // a batch of 8 of a dense model takes the time of 1.2 to 1.5 steps
    private const double ExpertsAtFirst = 0.4; // until it is known: a batch of 4 of Moonlight takes the time of 2.3
    private const double Weight = 1.0 / 8;     // of the newest step

    private double _single; // bytes of a step of one row; 0 while unknown
    private double _further = hasExperts ? ExpertsAtFirst : 0; // of each row more, as a share of it

    public double Row => Arithmetic + _further;

    /// <param name="rows">Rows of a step that only generates.</param>
    /// <param name="read">What it read.</param>
    public void Add(int rows, long read)
    {
        if (rows == 1)
        {
            _single = _single == 0 ? read : _single + ((read - _single) * Weight);
        }
        else if (_single > 0)
        {
            var further = Math.Max(0, ((read / _single) - 1) / (rows - 1));
            _further += (further - _further) * Weight;
        }
    }
}
