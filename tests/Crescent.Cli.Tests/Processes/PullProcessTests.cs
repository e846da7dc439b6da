using System.Text;
using Crescent.Tests.Hub;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Processes;

/// <summary>Pulls that are killed or interrupted, as processes of their own.</summary>
public sealed class PullProcessTests : IDisposable
{
    private const int Range = 32 << 20; // the executable's own
    private const int Size = (2 * Range) + 12345;
    private const string Name = "model.gguf";

    private readonly TemporaryFolder _folder = new();
    private readonly TestHub _hub = new();
    private readonly HubEnvironment _environment;

    public PullProcessTests()
    {
        _environment = new HubEnvironment(_folder["home"], _hub.Url);
        _hub.Files[Name] = TestHub.RandomBytes(Size);
        // The last range never ends.
        _hub.Answer = request => request.Bytes?.Start == 2 * Range ? _hub.File(request) with { StallAt = 100 } : null;
    }

    private string Model => Path.Combine(_folder["home"], "models", "some-org", "some-model");

    public void Dispose()
    {
        _environment.Dispose();
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task After_a_kill_finished_ranges_are_not_fetched_again()
    {
        using (var process = CliProcess.Start("pull", TestHub.Id))
        {
            await FirstRangesAsync();
            process.Kill();
        }

        await GoesOnAsync();
    }

    [Fact]
    public async Task An_interrupt_keeps_what_arrived_and_says_how_to_go_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals of Linux");
        using (var process = CliProcess.Start("pull", TestHub.Id))
        {
            await FirstRangesAsync();
            process.Interrupt();
            var result = process.Finish();
            Assert.Equal((130, ""), (result.ExitCode, result.Out));
            Assert.Contains($"crescent pull {TestHub.Id}", result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        }

        await GoesOnAsync();
    }

    // The journal has its title and two ranges.
    private async Task FirstRangesAsync()
    {
        await _hub.Stalled.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        var journal = Path.Combine(Model, Name + ".part.journal");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!File.Exists(journal) || Lines(journal) < 3)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private async Task GoesOnAsync()
    {
        _hub.Answer = _ => null;
        var before = _hub.FileRequests.Count;
        var result = CliProcess.Run([], "pull", TestHub.Id, "--json").Json;
        var request = Assert.Single(_hub.FileRequests.Skip(before));
        Assert.InRange(request.Bytes!.Value.Start, 2 * Range, (2 * Range) + 100);
        Assert.InRange(result.GetProperty("fetchedBytes").GetInt64(), Size - (2 * Range) - 100, Size - (2 * Range));
        Assert.True((await File.ReadAllBytesAsync(Path.Combine(Model, Name), TestContext.Current.CancellationToken)).AsSpan().SequenceEqual(_hub.Files[Name]));
        Assert.Empty(Directory.GetFiles(Model, "*.part*"));
    }

    private static int Lines(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, Encoding.ASCII);
        return reader.ReadToEnd().Count(character => character == '\n');
    }
}
