using System.Text.Json;
using Xunit;

namespace Crescent.Tests.Support;

/// <summary>What a command wrote and how it ended.</summary>
internal sealed record CliResult(int ExitCode, string Out, string Error)
{
    public JsonElement Json
    {
        get
        {
            Succeeded();
            using var document = JsonDocument.Parse(Out);
            return document.RootElement.Clone();
        }
    }

    public CliResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"expected exit code 0, found {ExitCode}: {Error}");
        return this;
    }

    /// <summary>The failure that every command promises: its exit code, nothing on standard output, one line that holds all <paramref name="parts"/>.</summary>
    public CliResult Failed(int exitCode, params string[] parts)
    {
        Assert.True(ExitCode == exitCode, $"expected exit code {exitCode}, found {ExitCode}: {Error}{Out}");
        Assert.Equal("", Out);
        var line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => !line.StartsWith("warning: ", StringComparison.Ordinal));
        Assert.StartsWith("crescent: ", line, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.DoesNotContain("Parameter '", line, StringComparison.Ordinal);
        Assert.DoesNotContain("`1", line, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", line, StringComparison.Ordinal);
        return this;
    }
}
