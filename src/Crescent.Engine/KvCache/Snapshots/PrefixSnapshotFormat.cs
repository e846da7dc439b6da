using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache.Snapshots;

// A file holds the cache of one beginning of prompts. All numbers are little-endian.
//
// 0-7       magic     "CRXPREF1"
// 8-11      version   u32, of this layout
// 12-15     tokens    u32, whole pages
// 16-23     page      u64, bytes of a page
// 24-31     state     u64, bytes of the state of recurrent layers; 0 for none
// 32-39     data      u64, offset of the first page, a multiple of 4096
// 40-47     length    u64, of the file
// 48-55     hash      u64, XxHash64 of bytes 0..data, these eight taken as 0
// 56-63     zeros
// 64-95     identity  SHA-256 of all that the values depend on beside the tokens (Models/ModelIdentity)
// 96-       tokens    an i32 each
// then      hashes    XxHash128 of each page, then of the state, where there is one
// then      zeros     up to data
// data      pages     in order of position, as they lie in memory (KvCacheLayout); then the state's float32

/// <summary>The layout of a snapshot.</summary>
internal static class PrefixSnapshotFormat
{
    /// <summary>Of the layout, and of the engine's numbers: another one whenever the same tokens give other cached bits than before.</summary>
    public const uint Version = 1;

    public const string Extension = ".prefix";
    public const int FixedBytes = 96;
    public const int HashOffset = 48;
    public const int IdentityOffset = 64;
    public const int IdentityBytes = 32;
    public const int PageHashBytes = 16;
    public const int DataAlignment = 4096;
    public const int MostTokens = 1 << 24; // longer than any model's context

    private const int HashedBytes = 64 << 20; // at a time: a span holds less than 2 GiB

    public static ReadOnlySpan<byte> Magic => "CRXPREF1"u8;

    /// <summary>Offset of the first page: the header's length.</summary>
    public static int DataOffset(int tokens, bool hasState)
    {
        var bytes = FixedBytes + ((long)tokens * sizeof(int)) + ((long)PageHashBytes * ((tokens / PagedAttention.PageTokens) + (hasState ? 1 : 0)));
        return (int)((bytes + DataAlignment - 1) / DataAlignment * DataAlignment);
    }

    /// <summary>Bytes of a whole file.</summary>
    public static long FileBytes(int tokens, long pageBytes, long stateBytes) =>
        checked(DataOffset(tokens, stateBytes > 0) + (tokens / PagedAttention.PageTokens * pageBytes) + stateBytes);

    /// <summary>The same for the same tokens.</summary>
    public static string FileName(ReadOnlySpan<int> tokens) =>
        string.Create(CultureInfo.InvariantCulture, $"{tokens.Length}-{XxHash128.HashToUInt128(MemoryMarshal.AsBytes(tokens)):x32}{Extension}");

    /// <summary>Hash of a header, its own field taken as 0.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> header)
    {
        var hash = new XxHash64();
        hash.Append(header[..HashOffset]);
        hash.Append(stackalloc byte[sizeof(ulong)]);
        hash.Append(header[(HashOffset + sizeof(ulong))..]);
        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>Hash of a page or of a state.</summary>
    public static UInt128 HashOf(ByteRegion bytes)
    {
        if (bytes.Length <= HashedBytes)
        {
            return XxHash128.HashToUInt128(bytes.Span(0, (int)bytes.Length));
        }

        var hash = new XxHash128();
        for (long at = 0; at < bytes.Length; at += HashedBytes)
        {
            hash.Append(bytes.Span(at, (int)Math.Min(HashedBytes, bytes.Length - at)));
        }

        return hash.GetCurrentHashAsUInt128();
    }
}
