using System.Diagnostics.CodeAnalysis;

namespace Crescent.Kernels.Memory;

/// <summary>
/// A view of native memory of any length (a mapped file, a buffer). It owns nothing: whoever made it keeps the memory alive.
/// A span holds less than 2 GiB, so large regions are addressed by 64-bit offsets.
/// </summary>
public readonly unsafe struct ByteRegion : IEquatable<ByteRegion>
{
    internal ByteRegion(byte* address, long length)
    {
        Address = address;
        Length = length;
    }

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    internal byte* Address { get; }

    /// <exception cref="ArgumentOutOfRangeException">The slice leaves the region.</exception>
    public ByteRegion Slice(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
        {
            ThrowOutside(offset, length);
        }

        return new ByteRegion(Address + offset, length);
    }

    /// <summary>A span over <paramref name="length"/> bytes from <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span leaves the region.</exception>
    public Span<byte> Span(long offset, int length) => new(Slice(offset, length).Address, length);

    /// <summary>Whether both are the same bytes in memory.</summary>
    public bool Equals(ByteRegion other) => Address == other.Address && Length == other.Length;

    public override bool Equals(object? obj) => obj is ByteRegion other && Equals(other);

    public override int GetHashCode() => HashCode.Combine((nint)Address, Length);

    public static bool operator ==(ByteRegion left, ByteRegion right) => left.Equals(right);

    public static bool operator !=(ByteRegion left, ByteRegion right) => !left.Equals(right);

    [DoesNotReturn]
    private void ThrowOutside(long offset, long length) =>
        throw new ArgumentOutOfRangeException(nameof(offset), $"bytes {offset}..{offset + length} are outside a region of {Length} bytes");
}
