using System.Text.RegularExpressions;
using Xunit;

namespace Crescent.Tests;

/// <summary>What documents say about the tree is true.</summary>
public sealed partial class DocumentTests
{
    private const int MostReadmeLines = 200;
    private const int MostFileLines = 600;
    private const int HeaderLines = 15;
    private const string TableTitle = "The path of one token";

    [Fact]
    public void Every_type_on_the_path_of_one_token_exists()
    {
        var path = Path.Combine(Repository.Root, "docs", "architecture.md");
        Assert.True(File.Exists(path), $"expected {Repository.Relative(path)}, found no such file");
        var names = Table(File.ReadAllLines(path)).SelectMany(row => TypeName().Matches(row[1])).Select(match => match.Groups[1].Value).ToArray();
        Assert.True(names.Length > 0, $"expected a table '{TableTitle}' with types such as `Engine/Models/LanguageModel.Forward` in its second column, found none");
        Assert.Empty(names.Select(Missing).OfType<string>());
    }

    [Fact]
    public void The_readme_is_short()
    {
        var path = Path.Combine(Repository.Root, "README.md");
        Assert.True(File.Exists(path), "expected a README.md, found none");
        Assert.InRange(File.ReadLines(path).Count(), 1, MostReadmeLines);
    }

    [Fact]
    public void A_long_source_file_says_why()
    {
        var silent = from file in Repository.SourceFiles()
                     let lines = File.ReadAllLines(file)
                     where lines.Length > MostFileLines && !lines.Take(HeaderLines).Any(line => line.Contains("Reason for length:", StringComparison.Ordinal))
                     select $"{Repository.Relative(file)}: {lines.Length} lines, expected at most {MostFileLines} or a comment 'Reason for length:' in its first {HeaderLines}";
        Assert.Empty(silent);
    }

    // Rows of the table after the title, its heading and rule left out.
    private static IEnumerable<string[]> Table(string[] lines) =>
        lines.SkipWhile(line => !line.Contains(TableTitle, StringComparison.Ordinal))
            .SkipWhile(line => !line.StartsWith('|'))
            .TakeWhile(line => line.StartsWith('|'))
            .Skip(2)
            .Select(line => line.Trim('|', ' ').Split('|'))
            .Where(row => row.Length > 1);

    // `Project/Folder/Type` or `Project/Folder/Type.Member`: null where it exists, else what is missing. A bare `Type` may be anywhere.
    private static string? Missing(string name)
    {
        var slash = name.LastIndexOf('/');
        var parts = name[(slash + 1)..].Split('.');
        var folder = slash < 0 ? Repository.Source : Path.Combine(Repository.Source, $"Crescent.{name[..slash]}".Replace('/', Path.DirectorySeparatorChar));
        if (!Directory.Exists(folder))
        {
            return $"{name}: no folder {Repository.Relative(folder)}";
        }

        var depth = slash < 0 ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly;
        var files = Directory.GetFiles(folder, $"{parts[0]}.cs", depth).Concat(Directory.GetFiles(folder, $"{parts[0]}.*.cs", depth)).ToArray();
        var text = string.Concat(files.Select(File.ReadAllText));
        if (!Regex.IsMatch(text, $@"\b(class|struct|record|interface|enum)\s+{Regex.Escape(parts[0])}\b"))
        {
            return $"{name}: no type {parts[0]} in {Repository.Relative(folder)}";
        }

        return parts.Length < 2 || Regex.IsMatch(text, $@"\b(public|internal|protected|private)\b[^;={{]*\s{Regex.Escape(parts[1])}\s*(\(|<|\{{|=|;|\n)")
            ? null
            : $"{name}: no member {parts[1]} in {parts[0]}";
    }

    [GeneratedRegex(@"`([A-Z][\w/]*(?:\.[A-Z]\w*)?)`")]
    private static partial Regex TypeName();
}
