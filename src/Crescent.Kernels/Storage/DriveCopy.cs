using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Crescent.Kernels.Storage;

/// <summary>One copy of a file on one drive: its handles, what is being read from it and how fast it has been. Thread-safe.</summary>
internal sealed class DriveCopy : IDisposable
{
    private static readonly long s_avoidTicks = Stopwatch.Frequency; // after an error
    private static readonly long s_windowTicks = Stopwatch.Frequency; // what is older counts half

    private readonly Lock _gate = new();
    private readonly OpenedFile _opened;
    private SafeFileHandle?[] _handles = []; // of reading threads, on Windows
    private bool _disposed;
    private long _outstandingBytes;
    private long _changed; // when the fields below were brought up to date
    private double _readBytes;
    private double _busyTicks;
    private long _avoidUntil = long.MinValue;

    /// <inheritdoc cref="PlatformFile.Open"/>
    public DriveCopy(string path)
    {
        Path = path;
        _opened = PlatformFile.Open(path);
        Length = CurrentLength();
    }

    public string Path { get; }

    /// <summary>Bytes when it was opened.</summary>
    public long Length { get; }

    public int BlockBytes => _opened.BlockBytes;

    public string Device => PlatformFile.DeviceOf(_opened.Handle, Path);

    public string? BufferedReason => _opened.BufferedReason;

    /// <summary>Bytes the file has now.</summary>
    public long CurrentLength() => RandomAccess.GetLength(_opened.Handle);

    /// <summary>
    /// The handle with which a reading thread reads. Windows lets reads through one synchronous handle wait for each other, so a thread has its own there.
    /// </summary>
    /// <exception cref="IOException">It cannot be opened (again).</exception>
    public SafeFileHandle Handle(int thread)
    {
        if (!OperatingSystem.IsWindows() || thread == 0)
        {
            return _opened.Handle;
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (thread >= _handles.Length)
            {
                Array.Resize(ref _handles, thread + 1);
            }

            return _handles[thread] ??= PlatformFile.Open(Path).Handle;
        }
    }

    public void Begin(long bytes)
    {
        lock (_gate)
        {
            Advance();
            _outstandingBytes += bytes;
        }
    }

    /// <param name="bytes">As given to <see cref="Begin"/>.</param>
    /// <param name="result">Bytes read, or an error number below zero.</param>
    public void End(long bytes, int result)
    {
        lock (_gate)
        {
            Advance();
            _outstandingBytes -= bytes;
            _readBytes += Math.Max(0, result);
            if (_busyTicks > s_windowTicks)
            {
                _busyTicks /= 2;
                _readBytes /= 2;
            }
        }
    }

    /// <summary>Leaves this copy alone for a second, where there is another.</summary>
    public void Avoid()
    {
        lock (_gate)
        {
            _avoidUntil = Stopwatch.GetTimestamp() + s_avoidTicks;
        }
    }

    /// <summary>Seconds until <paramref name="bytes"/> more would be read, as far as known, and whether it is to be avoided.</summary>
    public (bool Avoided, double Seconds) Expect(long bytes)
    {
        lock (_gate)
        {
            // An unmeasured copy is taken to be fast, so that it is measured.
            var bytesPerTick = _readBytes > 0 && _busyTicks > 0 ? _readBytes / _busyTicks : 1e12 / Stopwatch.Frequency;
            return (Stopwatch.GetTimestamp() < _avoidUntil, (_outstandingBytes + bytes) / bytesPerTick / Stopwatch.Frequency);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _opened.Handle.Dispose();
            foreach (var handle in _handles)
            {
                handle?.Dispose();
            }
        }
    }

    private void Advance()
    {
        var now = Stopwatch.GetTimestamp();
        if (_outstandingBytes > 0)
        {
            _busyTicks += now - _changed;
        }

        _changed = now;
    }
}
