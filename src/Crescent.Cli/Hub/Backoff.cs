using System.Globalization;

namespace Crescent.Cli.Hub;

/// <summary>Waits between attempts at one thing: twice as long each time, with jitter, at least as long as the server asks, up to a limit of attempts.</summary>
internal sealed class Backoff(HubSettings settings, Action<string> log)
{
    private int _failures;

    /// <summary>Something was achieved: failures are counted anew.</summary>
    public void Reset() => _failures = 0;

    /// <exception cref="CommandFailedException">There were too many failures in a row, or the server asks for too long a pause.</exception>
    public async Task WaitAsync(string what, TransferException failure, CancellationToken cancellation)
    {
        if (++_failures >= settings.Attempts)
        {
            throw new CommandFailedException($"{what}: {failure.Message} ({settings.Attempts} attempts; pulling again goes on from here)");
        }

        if (failure.RetryAfter > settings.LongestRetryAfter)
        {
            throw new CommandFailedException(string.Create(
                CultureInfo.InvariantCulture, $"{what}: {failure.Message}; it asks to come back in {failure.RetryAfter.Value.TotalMinutes:F0} minutes"));
        }

        var delay = Delay(failure.RetryAfter);
        log(string.Create(CultureInfo.InvariantCulture, $"{what}: {failure.Message}; next attempt in {delay.TotalSeconds:F1} s"));
        await Task.Delay(delay, settings.Time, cancellation);
    }

    private TimeSpan Delay(TimeSpan? retryAfter)
    {
        var full = Math.Min(settings.FirstDelay.TotalSeconds * Math.Pow(2, _failures - 1), settings.LongestDelay.TotalSeconds);
        var jittered = TimeSpan.FromSeconds(full * (0.5 + (settings.Random.NextDouble() / 2)));
        return retryAfter > jittered ? retryAfter.Value : jittered;
    }
}
