using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Crescent.Kernels.Attention;

namespace Crescent.Engine.KvCache.Snapshots;

/// <summary>What a snapshot says about itself.</summary>
/// <param name="Identity">Hash of all that its values depend on beside the tokens.</param>
/// <param name="Tokens">Whole pages of them.</param>
/// <param name="PageHashes">Of each page, then of the state where there is one.</param>
internal sealed record PrefixSnapshotHeader(byte[] Identity, int[] Tokens, UInt128[] PageHashes)
{
    public int Pages => Tokens.Length / PagedAttention.PageTokens;

    /// <summary>The header's bytes, up to the first page.</summary>
    public byte[] Encode(KvCacheLayout layout)
    {
        var bytes = new byte[PrefixSnapshotFormat.DataOffset(Tokens.Length, layout.StateBytes > 0)];
        var span = bytes.AsSpan();
        PrefixSnapshotFormat.Magic.CopyTo(span);
        BinaryPrimitives.WriteUInt32LittleEndian(span[8..], PrefixSnapshotFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(span[12..], (uint)Tokens.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[16..], layout.PageBytes);
        BinaryPrimitives.WriteInt64LittleEndian(span[24..], layout.StateBytes);
        BinaryPrimitives.WriteInt64LittleEndian(span[32..], bytes.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[40..], PrefixSnapshotFormat.FileBytes(Tokens.Length, layout.PageBytes, layout.StateBytes));
        Identity.CopyTo(span[PrefixSnapshotFormat.IdentityOffset..]);
        MemoryMarshal.AsBytes<int>(Tokens).CopyTo(span[PrefixSnapshotFormat.FixedBytes..]);
        var hashes = span[(PrefixSnapshotFormat.FixedBytes + (Tokens.Length * sizeof(int)))..];
        for (var i = 0; i < PageHashes.Length; i++)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(hashes[(i * PrefixSnapshotFormat.PageHashBytes)..], PageHashes[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(span[PrefixSnapshotFormat.HashOffset..], PrefixSnapshotFormat.HashOf(bytes));
        return bytes;
    }
}
