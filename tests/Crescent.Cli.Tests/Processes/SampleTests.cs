using System.Diagnostics;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Processes;

/// <summary>The sample programs, as processes.</summary>
public sealed class SampleTests
{
    [Fact]
    public async Task The_console_chat_answers_a_question()
    {
        using var process = Start("ConsoleChat", Models.Stories, "Once upon a time");
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (process.ExitCode, await error));
        Assert.StartsWith(", there was a little girl", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_web_service_answers_a_request()
    {
        using var process = Start("MinimalApi", "--model", Models.Stories, "--urls", "http://127.0.0.1:0");
        try
        {
            string? address = null;
            while (address is null && await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                address = line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal) is >= 0 and var at ? line[at..].Trim() : null;
            }

            using var client = new HttpClient { BaseAddress = new Uri(address!) };
            var text = await client.GetStringAsync("ask?question=Once+upon+a+time", TestContext.Current.CancellationToken);
            Assert.NotEmpty(text);
        }
        finally
        {
            process.Kill();
        }
    }

    private static Process Start(string sample, params string[] arguments)
    {
        // The samples' projects are built beside this one.
        var assembly = Path.Combine(AppContext.BaseDirectory.Replace("Crescent.Cli.Tests", sample, StringComparison.Ordinal), $"{sample}.dll");
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        return Process.Start(start)!;
    }
}
