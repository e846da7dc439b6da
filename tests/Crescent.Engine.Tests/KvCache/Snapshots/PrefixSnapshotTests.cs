using System.Buffers.Binary;
using Crescent.Engine.KvCache;
using Crescent.Engine.KvCache.Snapshots;
using Xunit;

namespace Crescent.Tests.KvCache.Snapshots;

/// <summary>Snapshots as files: what comes back, and that nothing damaged does.</summary>
public sealed class PrefixSnapshotTests : IDisposable
{
    private readonly SnapshotScene _scene = new();
    private PrefixSnapshotStore? _store; // of damaged files

    public static TheoryData<bool> Kinds => [false, true];

    public void Dispose() => _scene.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_was_saved_comes_back_byte_for_byte(bool recurrent)
    {
        var (layout, tokens) = (Layout(recurrent), SnapshotScene.Tokens(100));
        _scene.Save(_scene.Store(layout), layout, tokens);
        Assert.Equal(96, _scene.Restore(_scene.Store(layout), layout, tokens));
        Assert.Equal(96, _scene.Restore(_scene.Store(layout), layout, [.. tokens[..96], 7, 8, 9]));
        Assert.Empty(_scene.Warnings);
        Assert.Empty(_scene.Leftovers);
        Assert.EndsWith(".prefix", Assert.Single(_scene.Files), StringComparison.Ordinal);
    }

    [Fact]
    public void The_beginning_of_a_snapshot_serves_prompts_that_share_no_more()
    {
        var (layout, tokens) = (SnapshotScene.Plain, SnapshotScene.Tokens(96));
        var store = _scene.Store(layout);
        _scene.Save(store, layout, tokens);
        Assert.Equal(64, _scene.Restore(store, layout, [.. tokens[..70], .. SnapshotScene.Tokens(50, seed: 9)]));
        Assert.Equal(64, _scene.Restore(store, layout, tokens, limit: 95));
        Assert.Equal(0, _scene.Restore(store, layout, [tokens[0] + 1, .. tokens[1..]]));
    }

    [Fact]
    public void A_state_serves_only_prompts_that_share_everything_before_it()
    {
        var (layout, tokens) = (SnapshotScene.Recurrent, SnapshotScene.Tokens(96));
        var store = _scene.Store(layout);
        _scene.Save(store, layout, tokens);
        Assert.Equal(0, _scene.Restore(store, layout, tokens, limit: 95));
        Assert.Equal(0, _scene.Restore(store, layout, [.. tokens[..95], 1, 2, 3]));
        Assert.Equal(96, _scene.Restore(store, layout, tokens, limit: 96));
    }

    [Fact]
    public void Another_identity_or_cache_finds_nothing()
    {
        var (layout, tokens) = (SnapshotScene.Plain, SnapshotScene.Tokens(64));
        _scene.Save(_scene.Store(layout), layout, tokens);
        Assert.Equal(0, _scene.Restore(_scene.Store(layout, identity: 2), layout, tokens));
        Assert.Empty(_scene.Warnings);
        Assert.Single(_scene.Files);
        // A file that was put into another model's folder.
        Directory.CreateDirectory(Path.Combine(_scene.Folder, string.Concat(Enumerable.Repeat("02", 16))));
        File.Copy(_scene.Files[0], Path.Combine(_scene.Folder, string.Concat(Enumerable.Repeat("02", 16)), "64-x.prefix"));
        Assert.Equal(0, _scene.Restore(_scene.Store(layout, identity: 2), layout, tokens));
        Assert.Contains("identity: expected 0202", Assert.Single(_scene.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_flipped_byte_is_refused_said_and_removed(bool recurrent)
    {
        var (layout, tokens) = (Layout(recurrent), SnapshotScene.Tokens(64));
        var (path, bytes) = Saved(layout, tokens);
        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= (byte)(1 << (at % 8));
            Refused(layout, tokens, path, damaged);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_shorter_file_is_refused_and_a_longer_one_too(bool recurrent)
    {
        var (layout, tokens) = (Layout(recurrent), SnapshotScene.Tokens(64));
        var (path, bytes) = Saved(layout, tokens);
        for (var length = 0; length < bytes.Length; length++)
        {
            Refused(layout, tokens, path, bytes[..length]);
        }

        Refused(layout, tokens, path, [.. bytes, 0]);
    }

    [Theory]
    [InlineData(8, 2u, "version")]
    [InlineData(12, 0u, "tokens")]
    [InlineData(12, 33u, "tokens")]
    [InlineData(12, 0xFFFF_FFE0u, "tokens")]
    [InlineData(12, 96u, "length of the file")]
    [InlineData(16, 0u, "bytes of a page")]
    [InlineData(24, 4u, "bytes of the state")]
    [InlineData(32, 8192u, "offset of the first page")]
    [InlineData(40, 1u, "length of the file")]
    [InlineData(56, 1u, "hash of the header")]
    public void A_message_says_where_what_was_expected_and_found(int offset, uint value, string what)
    {
        var (path, bytes) = Saved(SnapshotScene.Plain, SnapshotScene.Tokens(64));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);
        var warning = Refused(SnapshotScene.Plain, SnapshotScene.Tokens(64), path, bytes);
        Assert.Contains($"{what}: expected ", warning, StringComparison.Ordinal);
        Assert.Contains("offset ", warning, StringComparison.Ordinal);
        Assert.Contains(path, warning, StringComparison.Ordinal);
        Assert.Contains(", found ", warning, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Random_damage_is_refused_or_gives_what_was_saved(bool recurrent)
    {
        var (layout, tokens) = (Layout(recurrent), SnapshotScene.Tokens(64));
        var (path, bytes) = Saved(layout, tokens);
        for (var seed = 0; seed < 500; seed++)
        {
            File.WriteAllBytes(path, Corruption.Corrupt(bytes, seed));
            Assert.InRange(_scene.Restore(_scene.Store(layout), layout, tokens), 0, 64); // checks the bytes
        }
    }

    [Fact]
    public void A_header_that_was_forged_with_its_hash_takes_no_memory_that_the_file_does_not_have()
    {
        var (layout, tokens) = (SnapshotScene.Plain, SnapshotScene.Tokens(64));
        var (path, bytes) = Saved(layout, tokens);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), 1 << 24);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(PrefixSnapshotFormat.HashOffset), PrefixSnapshotFormat.HashOf(bytes.AsSpan(0, 4096)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused(layout, tokens, path, bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static KvCacheLayout Layout(bool recurrent) => recurrent ? SnapshotScene.Recurrent : SnapshotScene.Plain;

    private (string Path, byte[] Bytes) Saved(KvCacheLayout layout, int[] tokens)
    {
        _scene.Save(_scene.Store(layout), layout, tokens);
        return (_scene.Files[0], File.ReadAllBytes(_scene.Files[0]));
    }

    private string Refused(KvCacheLayout layout, int[] tokens, string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        _scene.Warnings.Clear();
        _store ??= _scene.Store(layout);
        Assert.Equal(0, _scene.Restore(_store, layout, tokens));
        Assert.False(File.Exists(path));
        return Assert.Single(_scene.Warnings);
    }
}
