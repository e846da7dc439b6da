using Crescent.Engine.KvCache;
using Crescent.Engine.KvCache.Snapshots;
using Crescent.Kernels.Attention;
using Xunit;

namespace Crescent.Tests.KvCache.Snapshots;

/// <summary>A folder of snapshots, and pools whose pages hold values that follow from tokens and place: no model is needed.</summary>
internal sealed class SnapshotScene : IDisposable
{
    public const int PageTokens = PagedAttention.PageTokens;

    public static readonly KvCacheLayout Plain = new([new KvLayerShape(1, 3, 0), new KvLayerShape(1, 2, 1)], KvType.F32);

    public static readonly KvCacheLayout Recurrent = new([KvLayerShape.Recurrent(20), new KvLayerShape(1, 3, 0)], KvType.F32);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crescent-snapshots-");

    public List<string> Warnings { get; } = [];

    public string Folder => Path.Combine(_folder.FullName, "prefixes");

    public string[] Files => Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "*.prefix", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];

    public string[] Leftovers => Directory.GetFiles(Folder, "*.partial", SearchOption.AllDirectories);

    public static int[] Tokens(int count, int seed = 1) => [.. Enumerable.Range(0, count).Select(i => (i * 7919 + seed * 31) & 0xFFFF)];

    public PrefixSnapshotStore Store(KvCacheLayout layout, byte identity = 1, long maxBytes = 1 << 30) =>
        new(new PrefixSnapshotOptions(Folder) { MaxBytes = maxBytes, LeastTokens = PageTokens, Pause = TimeSpan.Zero }, layout, () => [.. Enumerable.Repeat(identity, 32)], Warnings.Add);

    /// <summary>Computes <paramref name="tokens"/> in a pool of its own and saves all their pages.</summary>
    public void Save(PrefixSnapshotStore store, KvCacheLayout layout, int[] tokens)
    {
        using var pool = new PagePool(layout, 16);
        using var snapshots = new PrefixSnapshots(pool, store);
        var pages = Compute(pool, tokens, int.MaxValue);
        snapshots.Save(pages, tokens, tokens.Length / PageTokens * PageTokens);
        snapshots.Finish();
        pages.Release();
        pool.CheckIntegrity();
    }

    /// <summary>Restores into a new pool and checks every byte. Returns the tokens restored.</summary>
    public int Restore(PrefixSnapshotStore store, KvCacheLayout layout, int[] tokens, int limit = int.MaxValue)
    {
        using var pool = new PagePool(layout, 16);
        using var snapshots = new PrefixSnapshots(pool, store);
        var restored = snapshots.Restore(tokens, limit, out _);
        pool.CheckIntegrity();
        Assert.Equal(16, pool.Available);
        var pages = new SequencePages(pool);
        Assert.Equal(restored, pages.SharePrefix(tokens, limit));
        for (var page = 0; page < restored / PageTokens; page++)
        {
            AssertFilled(pages.Table[page].Span(0, (int)layout.PageBytes), page);
        }

        if (restored > 0 && layout.StateFloats > 0)
        {
            AssertFilled(pages.State!.Values.Bytes.Span(0, (int)layout.StateBytes), 99);
        }

        pages.Release();
        return restored;
    }

    /// <summary>A sequence whose pages are filled, with its state at the end of its last full page.</summary>
    public static SequencePages Compute(PagePool pool, int[] tokens, int promptLength)
    {
        var pages = new SequencePages(pool, promptLength);
        Assert.True(pages.TryReserve(tokens.Length));
        for (var page = 0; page < tokens.Length / PageTokens; page++)
        {
            Fill(pages.Table[page].Span(0, (int)pool.Layout.PageBytes), page);
        }

        pages.PlanSave(tokens, 0, tokens.Length, promptLength, tokens.Length / PageTokens * PageTokens);
        if (pages.State?.Saved is { } saved)
        {
            Fill(saved.Bytes.Span(0, (int)pool.Layout.StateBytes), 99);
        }

        return pages;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Fill(Span<byte> bytes, int seed)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Value(i, seed);
        }
    }

    private static void AssertFilled(ReadOnlySpan<byte> bytes, int seed)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            Assert.Equal(Value(i, seed), bytes[i]);
        }
    }

    private static byte Value(int i, int seed) => (byte)(i * 131 + seed * 17 + 5);
}
