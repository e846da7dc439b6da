namespace Crescent.Cli.Comparisons;

/// <summary>How a program ended and what it wrote.</summary>
internal sealed record ChildOutput(int ExitCode, string Out, string Error)
{
    private const int MostErrorLength = 400;

    /// <summary>What went wrong, on one line: the exit code and the end of what it wrote to standard error.</summary>
    public string Failure(string name)
    {
        // Programs often tell their whole usage after the line that says what was wrong.
        var lines = Error.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var said = lines.Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)).DefaultIfEmpty(lines.LastOrDefault("nothing")).Take(3);
        var text = string.Join("; ", said);
        return $"{name} ended with exit code {ExitCode} and said: {(text.Length > MostErrorLength ? text[..MostErrorLength] + "…" : text)}";
    }
}
