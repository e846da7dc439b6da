using System.Globalization;
using Crescent.Cli.Benchmarks;

namespace Crescent.Cli.Comparisons;

/// <summary>The two files of a comparison, written anew after each pair, so that what was measured stays when the rest is given up.</summary>
internal sealed class ComparisonFiles
{
    public const string Option = "--out";

    private readonly string _stem;

    /// <exception cref="CommandFailedException">The folder cannot be made.</exception>
    public ComparisonFiles(string folder, Comparison comparison, DateTime started)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException($"{Option}: folder {folder} cannot be made: {CommandLine.FirstLine(exception.Message)}");
        }

        var name = Slug($"{Path.GetFileNameWithoutExtension(BenchScene.ModelName(comparison.Case.Model))}-{comparison.Peer.Name}");
        _stem = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"compare-{name}-{started:yyyyMMdd-HHmmss}"));
    }

    public string Markdown => _stem + ".md";

    public string Rows => _stem + ".csv";

    /// <summary>
    /// The folder for results of this machine: in the checkout that this program was built in, else in the current folder.
    /// </summary>
    public static string DefaultFolder()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Crescent.slnx")))
        {
            root = root.Parent;
        }

        return Path.Combine(root?.FullName ?? "", "bench", "results", Machine.FolderName());
    }

    public void Write(string markdown, IEnumerable<string> rows)
    {
        try
        {
            File.WriteAllText(Markdown, markdown);
            File.WriteAllText(Rows, string.Concat(rows.Select(row => row + "\n")));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{Option}: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    private static string Slug(string text) =>
        string.Concat(text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-')).Trim('-');
}
