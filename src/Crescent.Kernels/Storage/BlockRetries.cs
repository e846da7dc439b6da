using System.Diagnostics;

namespace Crescent.Kernels.Storage;

/// <summary>
/// Decides whether a failed block is read again: three times, from another copy at once where there is one, else after a pause that grows. Used under the
/// reader's lock; the timer calls <c>due</c> outside it.
/// </summary>
internal sealed class BlockRetries : IDisposable
{
    private const int Retries = 3;
    private const int PauseMilliseconds = 10; // the first one; each is four times the one before

    private readonly Timer _timer;
    private ReadBlock? _waiting;

    public BlockRetries(Action due) => _timer = new Timer(_ => due(), null, Timeout.Infinite, Timeout.Infinite);

    /// <summary>Keeps the block until it is due, and counts the failure; false where it has failed too often.</summary>
    public bool TryAgain(ReadBlock block)
    {
        var failed = block.Copy;
        failed.Avoid();
        var isTruncated = block.IsTruncated;
        block.Copy = block.File.Choose(block.Length, failed);
        var isSame = block.Copy == failed;
        if (++block.Failures > Retries || (isSame && isTruncated))
        {
            block.Copy = failed; // for the error's message
            return false;
        }

        var pause = isSame ? PauseMilliseconds << (2 * (block.Failures - 1)) : 0;
        block.Due = Stopwatch.GetTimestamp() + (pause * Stopwatch.Frequency / 1000);
        block.Next = _waiting;
        _waiting = block;
        Arm();
        return true;
    }

    /// <summary>A block whose pause is over; null where none is.</summary>
    public ReadBlock? TakeDue()
    {
        var now = Stopwatch.GetTimestamp();
        ReadBlock? previous = null;
        for (var block = _waiting; block is not null; (previous, block) = (block, block.Next))
        {
            if (block.Due <= now)
            {
                return Take(block, previous);
            }
        }

        Arm();
        return null;
    }

    /// <summary>A block that waits; null where none does.</summary>
    public ReadBlock? TakeAny() => _waiting is null ? null : Take(_waiting, null);

    public void Dispose() => _timer.Dispose();

    private ReadBlock Take(ReadBlock block, ReadBlock? previous)
    {
        if (previous is null)
        {
            _waiting = block.Next;
        }
        else
        {
            previous.Next = block.Next;
        }

        block.Next = null;
        return block;
    }

    private void Arm()
    {
        if (_waiting is null)
        {
            return;
        }

        var first = long.MaxValue;
        for (var block = _waiting; block is not null; block = block.Next)
        {
            first = Math.Min(first, block.Due);
        }

        var milliseconds = Math.Max(0, (first - Stopwatch.GetTimestamp()) * 1000 / Stopwatch.Frequency);
        _timer.Change(milliseconds + (milliseconds > 0 ? 1 : 0), Timeout.Infinite);
    }
}
