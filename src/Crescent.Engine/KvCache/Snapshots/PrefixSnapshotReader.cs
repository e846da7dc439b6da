using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;
using Microsoft.Win32.SafeHandles;

namespace Crescent.Engine.KvCache.Snapshots;

/// <summary>An open snapshot. Nothing is believed before it fits the file, the model's cache, and its hash; no memory is taken before its size is.</summary>
internal sealed class PrefixSnapshotReader : IDisposable
{
    private const int ReadBytes = 16 << 20; // at a time

    private readonly SafeFileHandle _file;
    private readonly KvCacheLayout _layout;
    private readonly byte[] _identity;

    private PrefixSnapshotReader(string path, SafeFileHandle file, KvCacheLayout layout, byte[] identity)
    {
        (Path, _file, _layout, _identity) = (path, file, layout, identity);
        Header = ReadHeader();
    }

    public string Path { get; }

    public PrefixSnapshotHeader Header { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">It is no snapshot of this cache, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static PrefixSnapshotReader Open(string path, KvCacheLayout layout, byte[] identity)
    {
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan);
        try
        {
            return new PrefixSnapshotReader(path, file, layout, identity);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Tokens of whole pages, at most <paramref name="limit"/>, that the snapshot and <paramref name="tokens"/> begin with and that can be gone on from.</summary>
    public int Match(ReadOnlySpan<int> tokens, int limit)
    {
        var common = Header.Tokens.AsSpan().CommonPrefixLength(tokens[..Math.Min(limit, tokens.Length)]);
        return _layout.StateBytes > 0 && common < Header.Tokens.Length ? 0 : common / PagedAttention.PageTokens * PagedAttention.PageTokens;
    }

    /// <summary>Reads a page and checks it.</summary>
    /// <exception cref="CheckpointException">It is damaged.</exception>
    public void ReadPage(int page, ByteRegion target) => ReadChecked(page, $"page {page}", target);

    /// <summary>Reads the state that belongs to the end and checks it.</summary>
    /// <exception cref="CheckpointException">It is damaged.</exception>
    public void ReadState(ByteRegion target) => ReadChecked(Header.Pages, "state", target);

    public void Dispose() => _file.Dispose();

    private void ReadChecked(int index, string what, ByteRegion target)
    {
        var offset = PrefixSnapshotFormat.DataOffset(Header.Tokens.Length, _layout.StateBytes > 0) + (index * _layout.PageBytes);
        for (long at = 0; at < target.Length; at += ReadBytes)
        {
            Read(target.Span(at, (int)Math.Min(ReadBytes, target.Length - at)), offset + at, what);
        }

        var found = PrefixSnapshotFormat.HashOf(target);
        if (found != Header.PageHashes[index])
        {
            Throw(offset, $"hash of {what}", $"{Header.PageHashes[index]:x32}", $"{found:x32}: it is damaged");
        }
    }

    private PrefixSnapshotHeader ReadHeader()
    {
        var length = RandomAccess.GetLength(_file);
        if (length < PrefixSnapshotFormat.FixedBytes)
        {
            Throw(0, "header", $"at least {PrefixSnapshotFormat.FixedBytes} bytes", $"a file of {length}");
        }

        Span<byte> fixedPart = stackalloc byte[PrefixSnapshotFormat.FixedBytes];
        Read(fixedPart, 0, "header");
        if (!fixedPart.StartsWith(PrefixSnapshotFormat.Magic))
        {
            Throw(0, "magic", "\"CRXPREF1\"", Convert.ToHexString(fixedPart[..8]));
        }

        Require(8, "version", PrefixSnapshotFormat.Version, BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[8..]));
        var tokens = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[12..]);
        if (tokens is 0 or > PrefixSnapshotFormat.MostTokens || tokens % PagedAttention.PageTokens != 0)
        {
            Throw(12, "tokens", $"whole pages of {PagedAttention.PageTokens}, at most {PrefixSnapshotFormat.MostTokens}", $"{tokens}");
        }

        Require(16, "bytes of a page", (ulong)_layout.PageBytes, BinaryPrimitives.ReadUInt64LittleEndian(fixedPart[16..]));
        Require(24, "bytes of the state", (ulong)_layout.StateBytes, BinaryPrimitives.ReadUInt64LittleEndian(fixedPart[24..]));
        var data = PrefixSnapshotFormat.DataOffset((int)tokens, _layout.StateBytes > 0);
        Require(32, "offset of the first page", (ulong)data, BinaryPrimitives.ReadUInt64LittleEndian(fixedPart[32..]));
        Require(40, "length of the file", (ulong)length, BinaryPrimitives.ReadUInt64LittleEndian(fixedPart[40..]));
        Require(40, "length of the file", (ulong)PrefixSnapshotFormat.FileBytes((int)tokens, _layout.PageBytes, _layout.StateBytes), (ulong)length);
        if (!fixedPart.Slice(PrefixSnapshotFormat.IdentityOffset, PrefixSnapshotFormat.IdentityBytes).SequenceEqual(_identity))
        {
            Throw(PrefixSnapshotFormat.IdentityOffset, "identity", Convert.ToHexStringLower(_identity), "another model's or setting's");
        }

        return ReadTables((int)tokens, data);
    }

    // Sizes are those of the file by now.
    private PrefixSnapshotHeader ReadTables(int tokens, int data)
    {
        var bytes = new byte[data];
        Read(bytes, 0, "header");
        Require(
            PrefixSnapshotFormat.HashOffset,
            "hash of the header",
            PrefixSnapshotFormat.HashOf(bytes),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(PrefixSnapshotFormat.HashOffset)));
        var ids = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(PrefixSnapshotFormat.FixedBytes, tokens * sizeof(int))).ToArray();
        var hashes = new UInt128[(tokens / PagedAttention.PageTokens) + (_layout.StateBytes > 0 ? 1 : 0)];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i] = BinaryPrimitives.ReadUInt128LittleEndian(bytes.AsSpan(PrefixSnapshotFormat.FixedBytes + (tokens * sizeof(int)) + (i * PrefixSnapshotFormat.PageHashBytes)));
        }

        return new PrefixSnapshotHeader(_identity, ids, hashes);
    }

    private void Read(Span<byte> target, long offset, string what)
    {
        while (target.Length > 0)
        {
            var read = RandomAccess.Read(_file, target, offset);
            if (read == 0)
            {
                Throw(offset, what, $"{target.Length} bytes more", "the end of the file: it was cut while in use");
            }

            target = target[read..];
            offset += read;
        }
    }

    private void Require(long offset, string what, ulong expected, ulong found)
    {
        if (found != expected)
        {
            Throw(offset, what, $"{expected}", $"{found}");
        }
    }

    [DoesNotReturn]
    private void Throw(long offset, string what, string expected, string found) =>
        throw new CheckpointException($"{Path}: offset {offset}: {what}: expected {expected}, found {found}");
}
