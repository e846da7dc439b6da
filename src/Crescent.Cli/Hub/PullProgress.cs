namespace Crescent.Cli.Hub;

/// <summary>How far a download has come, counted by all its connections.</summary>
internal sealed class PullProgress(long total, ProgressLine line, Action<string> log)
{
    private readonly Lock _lock = new();
    private long _received;
    private long _total = total;

    /// <summary>Bytes that came over the network, those fetched twice counted twice.</summary>
    public long ReceivedBytes => Interlocked.Read(ref _received);

    public void Received(long bytes) => line.Show(Interlocked.Add(ref _received, bytes), Interlocked.Read(ref _total));

    /// <summary>Bytes that were there must be fetched again.</summary>
    public void Lost(long bytes) => Interlocked.Add(ref _total, bytes);

    public void Log(string text)
    {
        lock (_lock)
        {
            log(text);
        }
    }
}
