namespace Crescent.Server.Security;

/// <summary>So much a minute: it fills up steadily to a minute's worth, and takings may leave it in debt. Not for several threads at once.</summary>
internal sealed class RateBucket
{
    private readonly double _perMinute;
    private readonly TimeProvider _time;
    private double _level;
    private long _filled;

    public RateBucket(double perMinute, TimeProvider time) => (_perMinute, _time, _level, _filled) = (perMinute, time, perMinute, time.GetTimestamp());

    /// <summary>Time until so much is there, never more than a whole bucket; zero where it is.</summary>
    public TimeSpan Wait(double amount)
    {
        Fill();
        return TimeSpan.FromMinutes(Math.Max(0, (Math.Min(amount, _perMinute) - _level) / _perMinute));
    }

    public void Take(double amount)
    {
        Fill();
        _level -= amount;
    }

    private void Fill()
    {
        var now = _time.GetTimestamp();
        _level = Math.Min(_perMinute, _level + (_time.GetElapsedTime(_filled, now).TotalMinutes * _perMinute));
        _filled = now;
    }
}
