using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Comparisons;

/// <summary>Scripts that behave like a llama-bench.</summary>
internal static class FakePeer
{
    /// <summary>A script that answers <c>--help</c>, and runs <paramref name="body"/> for everything else.</summary>
    public static string Write(TemporaryFolder folder, string help, string body)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the peer is a shell script");
        folder.Write("help.txt", help + "\n");
        var path = folder.Write(
            "llama-bench",
            $"""
             #!/bin/sh
             [ "$1" = --help ] && exec cat '{folder["help.txt"]}'
             [ "$1" = --version ] && exit 1
             echo "$@" >> '{folder["calls.txt"]}'
             {body}
             """.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    /// <summary>A script that reports these tests.</summary>
    public static string Reporting(TemporaryFolder folder, string help, params string[] tests)
    {
        folder.Write("report.json", PeerReports.Report(tests));
        return Write(folder, help, $"cat '{folder["report.json"]}'");
    }
}
