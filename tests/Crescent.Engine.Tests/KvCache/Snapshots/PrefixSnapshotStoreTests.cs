using Crescent.Engine.KvCache;
using Crescent.Engine.KvCache.Snapshots;
using Xunit;

namespace Crescent.Tests.KvCache.Snapshots;

/// <summary>The folder: limits, what replaces what, failures, and several writers.</summary>
public sealed class PrefixSnapshotStoreTests : IDisposable
{
    private readonly SnapshotScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public void The_least_recently_used_go_first()
    {
        var layout = SnapshotScene.Plain;
        var bytes = PrefixSnapshotFormat.FileBytes(64, layout.PageBytes, 0);
        var store = _scene.Store(layout, maxBytes: 3 * bytes);
        var prompts = Enumerable.Range(0, 5).Select(seed => SnapshotScene.Tokens(64, seed)).ToArray();
        foreach (var prompt in prompts[..3])
        {
            _scene.Save(store, layout, prompt);
            Array.ForEach(_scene.Files, file => File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddMinutes(-1)));
        }

        Assert.Equal(64, _scene.Restore(store, layout, prompts[0])); // used now
        _scene.Save(store, layout, prompts[3]);
        Assert.Equal([64, 0, 64, 64, 0], prompts.Select(prompt => _scene.Restore(_scene.Store(layout), layout, prompt)));
        Assert.Equal(3, _scene.Files.Length);
        // Another model's snapshots are in the same limit.
        _scene.Save(_scene.Store(layout, identity: 2, maxBytes: bytes), layout, prompts[4]);
        Assert.Single(_scene.Files);
        Assert.Empty(_scene.Warnings);
    }

    [Fact]
    public void A_prefix_beyond_the_limit_is_not_stored()
    {
        var store = _scene.Store(SnapshotScene.Plain, maxBytes: 100);
        _scene.Save(store, SnapshotScene.Plain, SnapshotScene.Tokens(64));
        _scene.Save(store, SnapshotScene.Plain, SnapshotScene.Tokens(64));
        Assert.Contains("may hold 100", Assert.Single(_scene.Warnings), StringComparison.Ordinal);
        Assert.Empty(_scene.Files);
    }

    [Theory]
    [InlineData(false, 1, 96)]
    [InlineData(true, 2, 64)] // a state serves its own place only
    public void A_longer_prefix_replaces_those_it_begins_with(bool recurrent, int files, int shared)
    {
        var layout = recurrent ? SnapshotScene.Recurrent : SnapshotScene.Plain;
        var (store, tokens) = (_scene.Store(layout), SnapshotScene.Tokens(128));
        _scene.Save(store, layout, tokens[..64]);
        _scene.Save(store, layout, tokens);
        Assert.Equal(files, _scene.Files.Length);
        Assert.Equal(128, _scene.Restore(store, layout, tokens));
        Assert.Equal(shared, _scene.Restore(store, layout, tokens[..100]));
    }

    [Fact]
    public void Only_prefixes_that_are_long_enough_and_not_stored_are_wanted()
    {
        var (layout, tokens) = (SnapshotScene.Plain, SnapshotScene.Tokens(128));
        var store = _scene.Store(layout);
        using var pool = new PagePool(layout, 8);
        using var snapshots = new PrefixSnapshots(pool, store);
        Assert.Equal([0, 0, 32, 64, 128], new[] { 0, 31, 40, 64, 1000 }.Select(length => snapshots.Wanted(tokens, length)));
        _scene.Save(store, layout, tokens[..96]);
        Assert.Equal([0, 0, 128], new[] { 64, 97, 128 }.Select(length => snapshots.Wanted(tokens, length)));
    }

    [Fact]
    public void Pages_with_generated_tokens_are_not_stored()
    {
        var (layout, tokens) = (SnapshotScene.Plain, SnapshotScene.Tokens(96));
        using var pool = new PagePool(layout, 8);
        using var snapshots = new PrefixSnapshots(pool, _scene.Store(layout));
        var pages = SnapshotScene.Compute(pool, tokens, promptLength: 70);
        snapshots.Save(pages, tokens, 96);
        snapshots.Finish();
        Assert.Empty(_scene.Files);
        snapshots.Save(pages, tokens, 64);
        snapshots.Finish();
        Assert.Single(_scene.Files);
        pages.Release();
        // Nor are they taken for a prompt's when a later prompt shares them.
        var later = new SequencePages(pool);
        Assert.Equal(96, later.SharePrefix(tokens, 96));
        snapshots.Save(later, tokens, 96);
        snapshots.Finish();
        Assert.Single(_scene.Files);
        later.Release();
        pool.CheckIntegrity();
    }

    [Fact]
    public void A_pool_without_room_restores_nothing_and_keeps_its_balance()
    {
        var (layout, tokens) = (SnapshotScene.Plain, SnapshotScene.Tokens(96));
        _scene.Save(_scene.Store(layout), layout, tokens);
        using var pool = new PagePool(layout, 2);
        using var snapshots = new PrefixSnapshots(pool, _scene.Store(layout));
        Assert.Equal(0, snapshots.Restore(tokens, 96, out _));
        Assert.Equal(2, pool.Available);
        pool.CheckIntegrity();
    }

    [Fact]
    public void Leftovers_of_dead_writers_are_removed_at_the_next_start()
    {
        var layout = SnapshotScene.Plain;
        _scene.Save(_scene.Store(layout), layout, SnapshotScene.Tokens(64));
        var leftover = _scene.Files[0] + ".partial";
        File.WriteAllBytes(leftover, new byte[10]);
        using (SnapshotFolder.TryLock(_scene.Folder, TimeSpan.Zero))
        {
            _scene.Store(layout); // somebody writes: it may be theirs
            Assert.True(File.Exists(leftover));
        }

        _scene.Store(layout);
        Assert.False(File.Exists(leftover));
        Assert.Single(_scene.Files);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_one_warning()
    {
        File.WriteAllText(_scene.Folder, "a file where the folder should be");
        var store = _scene.Store(SnapshotScene.Plain);
        _scene.Save(store, SnapshotScene.Plain, SnapshotScene.Tokens(64));
        _scene.Save(store, SnapshotScene.Plain, SnapshotScene.Tokens(64));
        Assert.Equal(0, _scene.Restore(store, SnapshotScene.Plain, SnapshotScene.Tokens(64)));
        Assert.Contains("could not be stored", Assert.Single(_scene.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_and_folders_are_their_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "file modes are those of Unix");
        _scene.Save(_scene.Store(SnapshotScene.Plain), SnapshotScene.Plain, SnapshotScene.Tokens(64));
        foreach (var path in _scene.Files.Append(_scene.Folder).Append(Path.GetDirectoryName(_scene.Files[0])!))
        {
            var mode = OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);
            Assert.Equal(UnixFileMode.None, mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        }
    }

    [Fact]
    public async Task Writers_and_readers_at_once_never_see_damage()
    {
        var layout = SnapshotScene.Plain;
        var bytes = PrefixSnapshotFormat.FileBytes(96, layout.PageBytes, 0);
        var tasks = Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
        {
            // Each with a store of its own, as processes have; little room, so that they remove each other's.
            var scene = _scene.Store(layout, maxBytes: 3 * bytes);
            for (var round = 0; round < 40; round++)
            {
                var tokens = SnapshotScene.Tokens(96, (writer + round) % 6);
                _scene.Save(scene, layout, tokens);
                Assert.Contains(_scene.Restore(scene, layout, tokens), new[] { 0, 96 }); // checks the bytes
            }
        }));
        await Task.WhenAll(tasks);
        Assert.Empty(_scene.Warnings);
        Assert.Empty(_scene.Leftovers);
        Assert.InRange(_scene.Files.Length, 1, 3);
    }
}
