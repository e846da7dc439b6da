using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Crescent.Kernels.Processors;

namespace Crescent.Kernels.Memory;

/// <summary>Native memory for <typeparamref name="T"/>, aligned to a cache line, zeroed unless asked otherwise; large ones ask for huge pages. Freed by Dispose, else by the finalizer.</summary>
public sealed unsafe class AlignedBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;
    private const int HugePageBytes = 2 << 20;
    private byte* _allocated; // what is freed: the address may be aligned further than the allocator does
    private T* _address;

    /// <param name="length">Number of elements.</param>
    /// <param name="clear">Whether to zero them; only for whoever writes all of them.</param>
    public AlignedBuffer(long length, bool clear = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        // Kernels may read a full vector past the last element.
        var bytes = checked((length * sizeof(T)) + Alignment);
        if (bytes >= HugePageBytes)
        {
            // Fresh pages from the system are zero and take no memory before they are touched: a long scratch that a short prompt does not fill costs nothing.
            _allocated = (byte*)NativeMemory.AllocZeroed((nuint)checked(bytes + HugePageBytes));
            _address = (T*)(((nuint)_allocated + HugePageBytes - 1) & ~(nuint)(HugePageBytes - 1));
            PlatformMemory.AdviseHugePages((byte*)_address, bytes);
            if (ProcessorLayout.Current.MemoryNodes is { Count: > 1 } nodes)
            {
                NodeMemory.TryInterleave(new ByteRegion((byte*)_address, bytes), nodes);
            }
        }
        else
        {
            _allocated = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            _address = (T*)_allocated;
            if (clear)
            {
                NativeMemory.Clear(_address, (nuint)bytes);
            }
        }

        GC.AddMemoryPressure(bytes);
        NativeAllocations.Add(bytes);
    }

    ~AlignedBuffer() => Free();

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>The whole buffer as bytes.</summary>
    public ByteRegion Bytes => new((byte*)Address, Length * sizeof(T));

    internal T* Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_address == null, this);
            return _address;
        }
    }

    public ref T this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)index, (ulong)Length, nameof(index));
            return ref Unsafe.AsRef<T>(Address + index);
        }
    }

    /// <summary>A span over <paramref name="length"/> elements from <paramref name="start"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span leaves the buffer.</exception>
    public Span<T> Span(long start, int length)
    {
        if (start < 0 || length < 0 || start > Length - length)
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"elements {start}..{start + length} are outside a buffer of {Length}");
        }

        return new Span<T>(Address + start, length);
    }

    /// <summary>Zeroes all elements.</summary>
    public void Clear() => Clear(Address, Length * sizeof(T));

    /// <summary>Copies all elements to a buffer of the same length.</summary>
    /// <exception cref="ArgumentException">It has another length.</exception>
    public void CopyTo(AlignedBuffer<T> target)
    {
        if (target.Length != Length)
        {
            throw new ArgumentException($"expected a buffer of {Length} elements, found {target.Length}", nameof(target));
        }

        NativeMemory.Copy(Address, target.Address, (nuint)(Length * sizeof(T)));
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static void Clear(T* address, long bytes)
    {
        for (long offset = 0; offset < bytes; offset += 1 << 30)
        {
            NativeMemory.Clear((byte*)address + offset, (nuint)Math.Min(1 << 30, bytes - offset));
        }
    }

    private void Free()
    {
        if (_address != null)
        {
            if ((Length * sizeof(T)) + Alignment >= HugePageBytes)
            {
                NativeMemory.Free(_allocated);
            }
            else
            {
                NativeMemory.AlignedFree(_allocated);
            }

            _allocated = null;
            _address = null;
            GC.RemoveMemoryPressure((Length * sizeof(T)) + Alignment);
            NativeAllocations.Add(-((Length * sizeof(T)) + Alignment));
        }
    }
}
