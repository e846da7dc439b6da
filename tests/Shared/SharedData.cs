using Xunit;

namespace Crescent.Tests;

/// <summary>Finds the shared test data: <c>$CRESCENT_DATA</c>, else <c>../shared/data</c> beside the repository.</summary>
public static class SharedData
{
    /// <summary>Path of a file or folder of the shared data. Absent: the test is skipped with a reason, or fails where <c>CI=true</c>.</summary>
    public static string Path(params string[] parts)
    {
        var path = System.IO.Path.Combine([Root(), .. parts]);
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            var reason = $"shared data not found: {path} (set CRESCENT_DATA)";
            if (Environment.GetEnvironmentVariable("CI") == "true")
            {
                Assert.Fail(reason);
            }

            Assert.Skip(reason);
        }

        return path;
    }

    /// <summary>The repository's root: the nearest folder above the test's binaries that holds <c>Crescent.slnx</c>.</summary>
    public static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Crescent.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Crescent.slnx above {AppContext.BaseDirectory}");
    }

    private static string Root() =>
        Environment.GetEnvironmentVariable("CRESCENT_DATA") is { Length: > 0 } root
            ? root
            : System.IO.Path.Combine(RepositoryRoot(), "..", "shared", "data");
}
