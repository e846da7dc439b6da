using System.Diagnostics;

namespace Crescent.Engine.Models;

/// <summary>
/// Adds up where the time of steps goes, and what the products of each part read and multiplied. A part ends with <see cref="Lap"/>: the time since the
/// lap before is its own, so the parts' times are the steps' time.
/// </summary>
public sealed class StepProfile
{
    private readonly PartTotals[] _totals = new PartTotals[Enum.GetValues<StepPart>().Length];
    private long _lapStart;
    private long _bytes;
    private double _multiplications;

    /// <summary>Steps seen.</summary>
    public int Steps { get; private set; }

    /// <summary>What has been added up for a part.</summary>
    public PartTotals this[StepPart part] => _totals[(int)part];

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_totals);
        Steps = 0;
    }

    internal void BeginStep()
    {
        Steps++;
        (_bytes, _multiplications) = (0, 0);
        _lapStart = Stopwatch.GetTimestamp();
    }

    /// <summary>Products of the part that is running.</summary>
    internal void Count(long bytes, double multiplications)
    {
        _bytes += bytes;
        _multiplications += multiplications;
    }

    /// <summary>Ends a part.</summary>
    internal void Lap(StepPart part)
    {
        var now = Stopwatch.GetTimestamp();
        ref var total = ref _totals[(int)part];
        total = new PartTotals(total.Time + Stopwatch.GetElapsedTime(_lapStart, now), total.WeightBytes + _bytes, total.Multiplications + _multiplications);
        (_bytes, _multiplications) = (0, 0);
        _lapStart = now;
    }

    /// <summary>What a part took.</summary>
    /// <param name="WeightBytes">Weights that its products read.</param>
    /// <param name="Multiplications">Multiplications of weights with inputs.</param>
    public readonly record struct PartTotals(TimeSpan Time, long WeightBytes, double Multiplications);
}
