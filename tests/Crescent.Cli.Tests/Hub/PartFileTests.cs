using System.Security.Cryptography;
using System.Text;
using Crescent.Cli.Hub;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Hub;

public sealed class PartFileTests : IDisposable
{
    private const int Piece = 100;

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _bytes = TestHub.RandomBytes(1000);

    private HubFile Content => new("model.gguf", _bytes.Length, Digest.TryCreate(DigestKind.Sha256, Convert.ToHexStringLower(SHA256.HashData(_bytes)))!.Value);

    private string Target => _folder["model.gguf"];

    private string Journal => Target + ".part.journal";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Finished_ranges_are_found_again_and_the_rest_completes_the_file()
    {
        await WriteAsync([0, 1, 5]);
        using var part = new PartFile(Target, Content);
        Assert.Equal(300, part.FinishedBytes);
        Assert.Equal("\"tag\"", part.Validator);
        foreach (var range in part.Missing(Piece))
        {
            await part.WriteAsync(_bytes.AsMemory((int)range.Start, (int)range.Length), range.Start);
            part.Commit(range);
        }

        Assert.Equal(Content.Digest, part.FinishHash(TestContext.Current.CancellationToken));
        part.Complete();
        Assert.Equal(_bytes, File.ReadAllBytes(Target));
        Assert.Equal([Target], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Wherever_a_crash_cut_the_journal_only_whole_lines_count()
    {
        await WriteAsync([0, 3, 7]);
        var journal = File.ReadAllBytes(Journal);
        var whole = Encoding.ASCII.GetString(journal).Split('\n').Length - 2;
        for (var length = 0; length <= journal.Length; length++)
        {
            File.WriteAllBytes(Journal, journal[..length]);
            using (var part = new PartFile(Target, Content))
            {
                var lines = journal.Take(length).Count(value => value == '\n');
                Assert.Equal(Math.Max(0, lines - 1) * Piece, part.FinishedBytes);
            }

            await WriteBackAsync();
        }

        Assert.Equal(3, whole);
    }

    [Theory]
    [InlineData("\0\0\0\0\0\0\n")]
    [InlineData("900 800 .\n")]
    [InlineData("900 1001 .\n")]
    [InlineData("-5 10 .\n")]
    [InlineData("900 950\n")]
    [InlineData("99999999999999999999 5 .\n")]
    public async Task Garbage_in_the_journal_ends_it(string garbage)
    {
        await WriteAsync([0, 1]);
        File.AppendAllText(Journal, garbage + "500 600 .\n");
        using (var part = new PartFile(Target, Content))
        {
            Assert.Equal(200, part.FinishedBytes);
            part.Commit(new ByteRange(300, 400));
        }

        // What is added stands where the garbage was.
        using var again = new PartFile(Target, Content);
        Assert.Equal(300, again.FinishedBytes);
    }

    [Fact]
    public async Task A_part_of_other_content_is_begun_anew()
    {
        await WriteAsync([0, 1]);
        using (var other = new PartFile(Target, Content with { Digest = Content.Digest with { Hex = new string('0', 64) } }))
        {
            Assert.Equal((0, null), (other.FinishedBytes, other.Validator));
        }

        await WriteAsync([0, 1]);
        using var larger = new PartFile(Target, Content with { Size = 2000 });
        Assert.Equal(0, larger.FinishedBytes);
    }

    [Fact]
    public async Task A_journal_without_its_part_is_worth_nothing()
    {
        await WriteAsync([0, 1]);
        File.Delete(Target + ".part");
        using var part = new PartFile(Target, Content);
        Assert.Equal(0, part.FinishedBytes);
    }

    private async Task WriteAsync(int[] pieces)
    {
        using var part = new PartFile(Target, Content);
        part.Restart();
        Assert.True(part.Accept("\"tag\""));
        foreach (var piece in pieces)
        {
            await part.WriteAsync(_bytes.AsMemory(piece * Piece, Piece), piece * Piece);
            part.Commit(new ByteRange(piece * Piece, (piece + 1) * Piece));
        }
    }

    // Opening with a damaged first line begins anew and empties the part.
    private async Task WriteBackAsync() => await File.WriteAllBytesAsync(Target + ".part", _bytes);
}
