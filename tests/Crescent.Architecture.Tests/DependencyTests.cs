using System.Xml.Linq;
using Xunit;

namespace Crescent.Tests;

/// <summary>The direction of dependencies: Kernels ← Engine → Text, Server → Engine and Text, Training → Engine, Nano → Engine and Text, Cli → all; and within Engine from Checkpoints up to Runtime.</summary>
public sealed class DependencyTests
{
    // What each project may use. A new project gets its line here first.
    private static readonly Dictionary<string, string[]> s_projects = new()
    {
        ["Crescent.Kernels"] = [],
        ["Crescent.Text"] = [],
        ["Crescent.Agents"] = [],
        ["Crescent.Engine"] = ["Crescent.Kernels", "Crescent.Text"],
        ["Crescent.Nano"] = ["Crescent.Text", "Crescent.Engine"],
        ["Crescent.Server"] = ["Crescent.Engine", "Crescent.Text"],
        ["Crescent.Training"] = ["Crescent.Kernels", "Crescent.Text", "Crescent.Engine"],
        ["Crescent.Cli"] = ["Crescent.Kernels", "Crescent.Text", "Crescent.Engine", "Crescent.Server", "Crescent.Training", "Crescent.Nano"],
    };

    // What each folder of Engine may use of the others.
    private static readonly Dictionary<string, string[]> s_folders = new()
    {
        ["Checkpoints"] = [],
        ["Synthesis"] = ["Checkpoints"],
        ["Conversion"] = ["Checkpoints", "Weights"],
        ["Weights"] = ["Checkpoints"],
        ["KvCache"] = ["Checkpoints", "Weights"],
        ["Experts"] = ["Checkpoints", "Weights"],
        ["Models"] = ["Checkpoints", "Weights", "KvCache", "Experts"],
        ["Planning"] = ["Checkpoints", "Weights", "KvCache", "Models", "Synthesis"],
        ["Runtime/Sampling"] = ["Checkpoints"],
        ["Runtime"] = ["Checkpoints", "Weights", "KvCache", "Experts", "Models", "Conversion", "Runtime/Sampling"],
        ["Chat"] = ["Checkpoints", "KvCache", "Models", "Runtime", "Runtime/Sampling"],
    };

    [Fact]
    public void Every_project_has_its_place()
    {
        var found = Directory.GetDirectories(Repository.Source).Select(Path.GetFileName).Order(StringComparer.Ordinal);
        Assert.Equal(s_projects.Keys.Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public void Every_folder_of_Engine_has_its_place()
    {
        var found = Directory.GetDirectories(Path.Combine(Repository.Source, "Crescent.Engine")).Select(Path.GetFileName)
            .Where(name => name is not ("obj" or "bin")).Order(StringComparer.Ordinal);
        Assert.Equal(s_folders.Keys.Where(name => !name.Contains('/')).Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public void Project_files_refer_only_downwards()
    {
        var edges = from project in s_projects.Keys
                    from target in References(Path.Combine(Repository.Source, project, $"{project}.csproj"))
                    where !s_projects[project].Contains(target)
                    select $"{project} -> {target} (project file)";
        Assert.Empty(edges);
    }

    [Fact]
    public void Source_files_use_only_projects_below_their_own()
    {
        var edges = from project in s_projects.Keys
                    from file in Repository.SourceFiles(project)
                    from name in Repository.Namespaces(file)
                    let target = string.Join('.', name.Split('.').Take(2))
                    where target != project && !s_projects[project].Contains(target)
                    select $"{project} -> {target} ({Repository.Relative(file)}: {name})";
        Assert.Empty(edges);
    }

    [Fact]
    public void Folders_of_Engine_use_only_folders_below_their_own()
    {
        var edges = from file in Repository.SourceFiles("Crescent.Engine")
                    let folder = FolderOf(Path.GetRelativePath(Path.Combine(Repository.Source, "Crescent.Engine"), file).Split(Path.DirectorySeparatorChar))
                    from name in Repository.Namespaces(file)
                    where name.StartsWith("Crescent.Engine.", StringComparison.Ordinal)
                    let target = FolderOf(name.Split('.')[2..])
                    where target != folder && !s_folders[folder].Contains(target)
                    select $"{folder} -> {target} ({Repository.Relative(file)}: {name})";
        Assert.Empty(edges);
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        // Otherwise the using lines say nothing about the folders.
        var strays = from project in s_projects.Keys
                     from file in Repository.SourceFiles(project)
                     let folder = Path.GetRelativePath(Repository.Source, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.')
                     from line in File.ReadLines(file)
                     where line.StartsWith("namespace ", StringComparison.Ordinal) && !Fits(line["namespace ".Length..].TrimEnd(';', ' '), folder)
                     select $"{Repository.Relative(file)}: {line}";
        Assert.Empty(strays);
    }

    [Fact]
    public void Only_Kernels_may_be_unsafe()
    {
        var allowed = from project in Repository.Projects()
                      where XDocument.Load(project).Descendants("AllowUnsafeBlocks").Any(element => element.Value.Trim() != "false")
                      let name = Path.GetFileNameWithoutExtension(project)
                      where name is not ("Crescent.Kernels" or "Crescent.Kernels.Tests" or "Crescent.Bench")
                      select Repository.Relative(project);
        Assert.Empty(allowed);
        Assert.DoesNotContain("AllowUnsafeBlocks", File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props")), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_Server_knows_AspNetCore()
    {
        var users = from project in s_projects.Keys
                    where project != "Crescent.Server"
                    from file in Repository.SourceFiles(project)
                    where File.ReadAllText(file).Contains("Microsoft.AspNetCore", StringComparison.Ordinal)
                    select Repository.Relative(file);
        var references = from project in s_projects.Keys
                         where project != "Crescent.Server"
                         where XDocument.Load(Path.Combine(Repository.Source, project, $"{project}.csproj")).Descendants("FrameworkReference").Any()
                         select project;
        Assert.Empty(users.Concat(references));
    }

    [Fact]
    public void Internals_are_shown_only_to_a_projects_own_tests_and_the_bench()
    {
        var shown = from project in s_projects.Keys
                    from element in XDocument.Load(Path.Combine(Repository.Source, project, $"{project}.csproj")).Descendants("InternalsVisibleTo")
                    let friend = (string?)element.Attribute("Include")
                    where friend != $"{project}.Tests" && friend != "Crescent.Bench"
                    select $"{project} -> {friend}";
        Assert.Empty(shown);
    }

    // Engine's folders are the walls, so its namespaces are exact; elsewhere a folder may share the namespace of the one around it.
    private static bool Fits(string space, string folder) =>
        space == folder || (!folder.StartsWith("Crescent.Engine", StringComparison.Ordinal) && folder.StartsWith(space + ".", StringComparison.Ordinal));

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/')));

    // "Runtime/Sampling" where that is a place of its own, else the first part.
    private static string FolderOf(string[] parts) =>
        parts.Length > 1 && s_folders.ContainsKey($"{parts[0]}/{parts[1]}") ? $"{parts[0]}/{parts[1]}" : parts[0];
}
