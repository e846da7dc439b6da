using System.Text;
using Crescent.Nano;
using Xunit;

namespace Crescent.Tests;

public sealed class UnpackedFolderTests
{
    private const string Hash = "0123456789abcdef";
    private static readonly (string Name, string Text)[] s_contents = [("config.json", "{}"), ("model.safetensors", new string('w', 100_000)), ("tiktoken.model", "YQ== 0\n")];

    private int _opened;

    [Fact]
    public void Files_are_written_once_and_found_by_later_processes()
    {
        using var folder = new TemporaryFolder();
        var path = Unpacked(folder["cache"]).Find();
        Assert.Equal(Path.Combine(folder["cache"], Hash, "tiny"), path);
        AssertWhole(path);
        Assert.Equal(s_contents.Length, _opened);
        var again = Unpacked(folder["cache"]);
        Assert.Equal(path, again.Find());
        Assert.Equal(path, again.Find());
        Assert.Equal(s_contents.Length, _opened);
    }

    [Theory]
    [InlineData("cut off")]
    [InlineData("overwritten")]
    [InlineData("deleted")]
    [InlineData("another file beside them")]
    [InlineData("a folder instead")]
    [InlineData("half of the files")]
    [InlineData("nothing but the folder")]
    public void Whatever_is_not_as_it_was_written_is_made_anew(string damage)
    {
        using var folder = new TemporaryFolder();
        var path = Unpacked(folder["cache"]).Find();
        Damage(path, damage);
        Assert.Equal(path, Unpacked(folder["cache"]).Find());
        AssertWhole(path);
        Assert.Equal(2 * s_contents.Length, _opened);
        Assert.Equal([Hash], Directory.GetDirectories(folder["cache"]).Select(Path.GetFileName));
    }

    [Fact]
    public void What_a_process_left_half_written_is_cleared_away()
    {
        using var folder = new TemporaryFolder();
        foreach (var left in new[] { "new", "old" })
        {
            Directory.CreateDirectory(Path.Combine(folder["cache"], $"{Hash}-{left}", "tiny"));
            File.WriteAllText(Path.Combine(folder["cache"], $"{Hash}-{left}", "tiny", "config.json"), "{");
        }

        AssertWhole(Unpacked(folder["cache"]).Find());
        Assert.Equal([Hash], Directory.GetDirectories(folder["cache"]).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_several_at_once_one_writes_and_all_find(bool damaged)
    {
        using var folder = new TemporaryFolder();
        if (damaged)
        {
            Damage(Unpacked(folder["cache"]).Find(), "cut off");
            _opened = 0;
        }

        var paths = new string[16];
        var threads = Enumerable.Range(0, paths.Length).Select(i => new Thread(() =>
        {
            paths[i] = Unpacked(folder["cache"]).Find();
            AssertWhole(paths[i]);
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(Path.Combine(folder["cache"], Hash, "tiny"), Assert.Single(paths.Distinct()));
        Assert.Equal(s_contents.Length, _opened);
    }

    [Fact]
    public async Task Who_finds_another_unpacking_waits_for_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["cache"]);
        Task<string> found;
        using (new FileStream(Path.Combine(folder["cache"], Hash + ".lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            found = Task.Run(() => Unpacked(folder["cache"]).Find(), TestContext.Current.CancellationToken);
            await Task.Delay(100, TestContext.Current.CancellationToken);
            Assert.False(found.IsCompleted);
            Assert.Equal(0, _opened);
        }

        AssertWhole(await found);
        Assert.StartsWith(folder["cache"], await found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_the_cache_cannot_be_written_a_temporary_folder_stands_in(bool hasCache)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "no folder can be made in a file");
        var unpacked = Unpacked(hasCache ? Path.Combine(folder["file"], "cache") : null);
        var path = unpacked.Find();
        Assert.StartsWith(Path.GetTempPath(), path, StringComparison.Ordinal);
        Assert.Equal("tiny", Path.GetFileName(path));
        AssertWhole(path);
        Assert.Equal(path, unpacked.Find());
        Assert.Equal(s_contents.Length, _opened);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        AssertWhole(path = unpacked.Find());
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    private UnpackedFolder Unpacked(string? cache) => new(cache, Hash, "tiny", [.. s_contents.Select(content => new PackedFile(content.Name, content.Text.Length, () => Open(content.Text)))]);

    private MemoryStream Open(string text)
    {
        Interlocked.Increment(ref _opened);
        return new MemoryStream(Encoding.UTF8.GetBytes(text));
    }

    private static void AssertWhole(string folder) =>
        Assert.Equal(s_contents.Select(content => (content.Name, content.Text)).Order(), Directory.GetFiles(folder).Select(file => (Path.GetFileName(file), File.ReadAllText(file))).Order());

    private static void Damage(string path, string damage)
    {
        var weights = Path.Combine(path, "model.safetensors");
        switch (damage)
        {
            case "cut off":
                var time = File.GetLastWriteTimeUtc(weights);
                using (var stream = new FileStream(weights, FileMode.Open))
                {
                    stream.SetLength(50_000);
                }

                File.SetLastWriteTimeUtc(weights, time);
                break;
            case "overwritten":
                File.WriteAllText(weights, new string('v', 100_000));
                break;
            case "another file beside them":
                File.WriteAllText(Path.Combine(path, "tokenizer.json"), "{}");
                break;
            case "deleted":
                File.Delete(weights);
                break;
            case "a folder instead":
                File.Delete(weights);
                Directory.CreateDirectory(weights);
                break;
            case "half of the files":
                File.Delete(weights);
                File.Delete(Path.Combine(path, "tiktoken.model"));
                break;
            default:
                Directory.Delete(path, recursive: true);
                break;
        }
    }
}
