using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Processes;

/// <summary>Stored prefixes and processes that are killed, run at once, or have no room.</summary>
public sealed class PrefixCacheProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Cache => _folder["prefixes"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Killed_at_any_time_the_folder_stays_usable()
    {
        var expected = JsonAssert.Ints(InProcess.Run(Command(0, "off")).Json.GetProperty("ids"));
        var random = new Random(5);
        var killedWhileWriting = 0;
        for (var round = 0; round < 16; round++)
        {
            using (var process = CliProcess.Start(Command(round, Cache)))
            {
                // From the first sign of the file on, anywhere in its writing; a new prompt each time.
                SpinWait.SpinUntil(() => Count("*.partial") > 0 || process.HasExited, TimeSpan.FromSeconds(60));
                Thread.Sleep(random.Next(40));
                process.Kill();
            }

            killedWhileWriting += Count("*.partial");
            var next = InProcess.Run(Command(0, Cache));
            Assert.Equal(expected, JsonAssert.Ints(next.Json.GetProperty("ids")));
            Assert.DoesNotContain("warning: a stored prefix", next.Error, StringComparison.Ordinal);
            Assert.Equal(0, Count("*.partial"));
        }

        Assert.True(killedWhileWriting > 0, "expected at least one process to be killed while it wrote");
    }

    [Fact]
    public void Two_processes_at_once_give_the_same_answers_and_one_file()
    {
        var expected = JsonAssert.Ints(InProcess.Run(Command(0, "off")).Json.GetProperty("ids"));
        for (var round = 0; round < 3; round++)
        {
            CliProcess[] both = [CliProcess.Start(Command(0, Cache)), CliProcess.Start(Command(0, Cache))];
            foreach (var process in both)
            {
                var result = process.Finish();
                Assert.Equal(expected, JsonAssert.Ints(result.Json.GetProperty("ids")));
                Assert.DoesNotContain("prefix", result.Error, StringComparison.Ordinal);
                process.Dispose();
            }

            Assert.Equal((1, 0), (Count("*.prefix"), Count("*.partial")));
        }
    }

    [Fact]
    public void Without_room_there_is_one_warning_and_the_answer()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits of files are Unix's");
        // Files of at most 64 blocks of 512 bytes; a write beyond fails as on a full drive instead of ending the process.
        var arguments = string.Join(' ', Command(0, Cache).Select(argument => $"'{argument}'"));
        using var process = CliProcess.StartProgram("sh", "-c", $"trap '' XFSZ; ulimit -f 64; export DOTNET_EnableWriteXorExecute=0; exec dotnet '{CliProcess.Assembly}' {arguments}");
        var result = process.Finish();
        Assert.Equal(JsonAssert.Ints(InProcess.Run(Command(0, "off")).Json.GetProperty("ids")), JsonAssert.Ints(result.Json.GetProperty("ids")));
        Assert.Single(result.Error.Split('\n'), line => line.StartsWith("warning: a prompt's prefix could not be stored", StringComparison.Ordinal));
        Assert.Equal((0, 0), (Count("*.prefix"), Count("*.partial")));
    }

    private static string[] Command(int prompt, string cache) =>
    [
        "run", Models.Stories, "--raw", "-p", $"Story {prompt}: {Goldens.Words(400)}", "-n", "6", "-c", "2048", "--temp", "0", "--json", "--kv-type", "f32", "--save-prefix", "--prefix-cache", cache,
    ];

    private int Count(string pattern) => Directory.Exists(Cache) ? Directory.GetFiles(Cache, pattern, SearchOption.AllDirectories).Length : 0;
}
