using System.Text.RegularExpressions;

namespace Crescent.Tests;

/// <summary>The source tree as text.</summary>
internal static partial class Repository
{
    public static string Root { get; } = SharedData.RepositoryRoot();

    public static string Source { get; } = Path.Combine(Root, "src");

    /// <summary>Every source file of a project or of a folder in it.</summary>
    public static IEnumerable<string> SourceFiles(params string[] folder) =>
        Directory.EnumerateFiles(Path.Combine([Source, .. folder]), "*.cs", SearchOption.AllDirectories).Where(IsWritten).Order(StringComparer.Ordinal);

    public static IEnumerable<string> Projects() =>
        Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories).Where(IsWritten).Order(StringComparer.Ordinal);

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>Namespaces of ours that a file names: in using lines, aliases and in full before a type.</summary>
    public static IEnumerable<string> Namespaces(string file) =>
        File.ReadLines(file)
            .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && !line.StartsWith("namespace ", StringComparison.Ordinal))
            .SelectMany(line => NamespaceName().Matches(line))
            .Select(match => match.Value)
            .Distinct();

    // Not what the build left: obj and bin where someone builds without the artifacts folder.
    private static bool IsWritten(string path) =>
        !Relative(path).Split('/').Any(part => part is "artifacts" or "obj" or "bin");

    [GeneratedRegex(@"\bCrescent\.(Kernels|Text|Engine|Cli|Server|Agents|Evals|Training|Nano)\b(\.[A-Z]\w*)*")]
    private static partial Regex NamespaceName();
}
