using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Processes;

/// <summary>Conversions that die on the way.</summary>
public sealed class KilledConversionTests
{
    [Fact]
    public async Task A_killed_conversion_goes_on_where_it_was()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("synth", "tiny-deepseek-v3", folder["source.gguf"], "--type", "f32", "--seed", "1").Succeeded();
        string[] command = ["quantize", folder["source.gguf"], folder["out.gguf"], "--type", "q3_k_m", "-t", "1"];
        using (var process = CliProcess.Start(command))
        {
            await UntilRecorded(folder["out.gguf.journal"], TestContext.Current.CancellationToken);
            process.Kill();
        }

        Assert.False(File.Exists(folder["out.gguf"]), "expected the process to be killed before it was done");
        var journal = await File.ReadAllTextAsync(folder["out.gguf.journal"], TestContext.Current.CancellationToken);
        var result = InProcess.Run(command).Succeeded();
        Assert.Contains("an interrupted conversion goes on", result.Error, StringComparison.Ordinal);
        Assert.StartsWith("crescent-conversion 1 ", journal, StringComparison.Ordinal);
        Assert.Equal([folder["out.gguf"], folder["source.gguf"]], Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal));

        InProcess.Run(command[0], command[1], folder["whole.gguf"], "--type", "q3_k_m").Succeeded();
        Assert.True(File.ReadAllBytes(folder["whole.gguf"]).AsSpan().SequenceEqual(File.ReadAllBytes(folder["out.gguf"])));
    }

    // A line that begins with 0 says that pieces of the file are on the drive.
    private static async Task UntilRecorded(string journal, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (!File.Exists(journal) || !(await ReadShared(journal, limit.Token)).Contains("\n0 ", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
        }
    }

    private static async Task<string> ReadShared(string path, CancellationToken cancellation)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return await reader.ReadToEndAsync(cancellation);
    }
}
