using System.Diagnostics;
using System.Globalization;

namespace Crescent.Cli;

/// <summary>A line on a terminal that shows how far a long task has come; nothing where nobody watches, or before a second has passed.</summary>
internal sealed class ProgressLine(Terminal terminal, string action) : IDisposable
{
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _lock = new();
    private TimeSpan _next = s_delay;
    private bool _shown;

    public void Show(long done, long total)
    {
        if (terminal.Quiet || !terminal.IsInteractive)
        {
            return;
        }

        lock (_lock)
        {
            if (_clock.Elapsed < _next)
            {
                return;
            }

            _next = _clock.Elapsed + s_interval;
            _shown = true;
            var rate = done / _clock.Elapsed.TotalSeconds;
            var left = rate > 0 ? TimeSpan.FromSeconds(Math.Min((total - done) / rate, 360000)) : TimeSpan.Zero;
            terminal.Error.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"\r\e[K{action} {Sizes.Format(done)} of {Sizes.Format(total)} ({(total > 0 ? 100.0 * done / total : 100):F0} %), {Sizes.Format((long)rate)}/s, {left:hh\\:mm\\:ss} left"));
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_shown)
            {
                terminal.Error.Write("\r\e[K");
                _shown = false;
            }
        }
    }
}
