using System.Globalization;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.GrokPickle;
using Xunit;

namespace Crescent.Tests.Checkpoints;

public sealed class GrokFolderTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_files_come_by_their_numbers(bool inner)
    {
        using var folder = new TemporaryFolder();
        var files = Write(folder, 26);
        File.WriteAllText(Path.Combine(files, "README.md"), "not a tensor");
        File.WriteAllText(Path.Combine(files, "tensor00003_000.sha256"), "not a tensor either");
        using var opened = GrokFolder.Open(inner ? files : folder.Path);
        Assert.Equal((26, 2, files), (opened.Tensors.Count, opened.Layers, opened.Path));
        for (var i = 0; i < 26; i++)
        {
            Assert.Equal(Name(i), Path.GetFileName(opened.Tensors[i].File));
            Assert.Equal([i + 1], opened.Tensors[i].Weight.Shape);
        }

        Assert.Equal(Directory.GetFiles(files, "tensor?????_000").Sum(file => new FileInfo(file).Length), opened.TotalBytes);
        Assert.True(GrokFolder.Exists(folder.Path) && GrokFolder.Exists(files));
        opened.PopulateInBackground();
        opened.PopulateInBackground();
        opened.WaitUntilPopulated();
    }

    [Fact]
    public void Closing_ends_reading_ahead()
    {
        using var folder = new TemporaryFolder();
        Write(folder, 14);
        var opened = GrokFolder.Open(folder.Path);
        opened.PopulateInBackground();
        opened.Dispose();
        opened.WaitUntilPopulated();
        opened.Dispose();
    }

    [Fact]
    public void Missing_files_are_named()
    {
        using var folder = new TemporaryFolder();
        var files = Write(folder, 14);
        File.Delete(Path.Combine(files, Name(3)));
        Assert.Contains("expected 14 files up to tensor00013_000, found 1 missing: tensor00003_000", Message(folder), StringComparison.Ordinal);
        for (var i = 4; i < 9; i++)
        {
            File.Delete(Path.Combine(files, Name(i)));
        }

        Assert.Contains("found 6 missing: tensor00003_000, tensor00004_000, tensor00005_000 and 3 more", Message(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(13)]
    [InlineData(15)]
    public void Another_number_than_two_and_twelve_a_layer_is_refused(int count)
    {
        using var folder = new TemporaryFolder();
        Write(folder, count);
        Assert.Contains($"expected 2 files and 12 for each layer, found {count}", Message(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_of_several_hosts_are_refused()
    {
        using var folder = new TemporaryFolder();
        var files = Write(folder, 14);
        File.Copy(Path.Combine(files, Name(0)), Path.Combine(files, "tensor00000_001"));
        Assert.Contains("found tensor00000_001: tensors cut over several hosts are not supported", Message(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        using var folder = new TemporaryFolder();
        var files = Write(folder, 14);
        File.WriteAllBytes(Path.Combine(files, Name(7)), GrokPickles.Read("refused-system"));
        Assert.StartsWith(Path.Combine(files, Name(7)), Message(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_places_are_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.False(GrokFolder.Exists(folder.Path));
        Assert.False(GrokFolder.Exists(folder.File("none")));
        Assert.Contains("expected tensor00000_000, tensor00001_000, …, found none", Message(folder), StringComparison.Ordinal);
        Assert.Contains("found nothing", Assert.Throws<CheckpointException>(() => GrokFolder.Open(folder.File("none"))).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("file"), "");
        Assert.Contains("found a file", Assert.Throws<CheckpointException>(() => GrokFolder.Open(folder.File("file"))).Message, StringComparison.Ordinal);
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"tensor{number:D5}_000");

    private static string Write(TemporaryFolder folder, int count)
    {
        var files = Directory.CreateDirectory(folder.File("ckpt-0")).FullName;
        for (var i = 0; i < count; i++)
        {
            GrokPickleWriter.Write(Path.Combine(files, Name(i)), GrokPickles.Array(GrokType.F32, i + 1));
        }

        return files;
    }

    private static string Message(TemporaryFolder folder) => Assert.Throws<CheckpointException>(() => GrokFolder.Open(folder.Path)).Message;
}
