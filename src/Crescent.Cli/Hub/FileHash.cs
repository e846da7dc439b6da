using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Crescent.Cli.Hub;

/// <summary>
/// The digest of a file that is still growing: it follows the finished bytes from the front, while they are in the system's cache, so that little is left
/// to read at the end. What is hashed is what was written, not what was received.
/// </summary>
internal sealed class FileHash(SafeFileHandle file, long size, Digest expected) : IDisposable
{
    private readonly IncrementalHash? _hash = expected.CreateHash(size);
    private readonly byte[] _buffer = new byte[(int)Math.Clamp(size, 1, 1 << 20)];
    private long _position;

    /// <summary>Takes in the bytes up to <paramref name="end"/>, which must not change any more.</summary>
    public void Advance(long end, CancellationToken cancellation)
    {
        while (_hash is not null && _position < end)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = RandomAccess.Read(file, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, end - _position)), _position);
            if (count == 0)
            {
                throw new IOException($"expected {end} bytes of the download, found {_position}");
            }

            _hash.AppendData(_buffer.AsSpan(0, count));
            _position += count;
        }
    }

    /// <summary>The digest of all that was taken in.</summary>
    public Digest Finish() => _hash is null ? Digest.None : expected with { Hex = Convert.ToHexStringLower(_hash.GetHashAndReset()) };

    public void Dispose() => _hash?.Dispose();
}
