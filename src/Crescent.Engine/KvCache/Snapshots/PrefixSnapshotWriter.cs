using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache.Snapshots;

/// <summary>Writes a snapshot: its pages behind a gap first, then the header, whose hashes are known by then.</summary>
internal static class PrefixSnapshotWriter
{
    private const int WrittenBytes = 1 << 20; // at a time

    /// <param name="pause">Called between pieces of work.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(FileStream file, byte[] identity, int[] tokens, HeldPrefix prefix, KvCacheLayout layout, Action pause)
    {
        IEnumerable<ByteRegion> regions = prefix.Pages.Select(page => page.Bytes);
        regions = prefix.State is { } state ? regions.Append(state.Bytes) : regions;
        var hashes = new List<UInt128>();
        file.Position = PrefixSnapshotFormat.DataOffset(tokens.Length, layout.StateBytes > 0);
        foreach (var region in regions)
        {
            hashes.Add(PrefixSnapshotFormat.HashOf(region));
            for (long at = 0; at < region.Length; at += WrittenBytes)
            {
                file.Write(region.Span(at, (int)Math.Min(WrittenBytes, region.Length - at)));
                pause();
            }
        }

        file.Position = 0;
        file.Write(new PrefixSnapshotHeader(identity, tokens, [.. hashes]).Encode(layout));
        file.Flush(flushToDisk: true);
    }
}
