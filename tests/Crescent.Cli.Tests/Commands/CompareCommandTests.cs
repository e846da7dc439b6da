using System.Diagnostics;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Comparisons;
using Crescent.Tests.Comparisons;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>The comparison as a whole: our side is the built executable, the peer a script.</summary>
public sealed class CompareCommandTests
{
    [Fact]
    public void Pairs_alternate_and_every_run_is_written()
    {
        using var folder = new TemporaryFolder();
        var peer = FakePeer.Reporting(folder, PeerReports.IkHelp, PeerReports.Test(8, 0, 100, 300, 200), PeerReports.Test(0, 4, 50));
        var result = Compare(folder, peer, "-r", "2", "--peer-args", "-rtr 1", "--note", "a note", "--note", "another").Succeeded();
        Assert.Contains("| test | Crescent tok/s | ik_llama.cpp tok/s |", result.Out, StringComparison.Ordinal);
        Assert.Contains("| prefill 8 | ", result.Out, StringComparison.Ordinal);
        Assert.Contains(" | 200.00 (200.00–200.00) | ", result.Out, StringComparison.Ordinal);
        Assert.Contains("| decode 4 | ", result.Out, StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Repeat($"-m {Path.GetFullPath(Models.Stories)} -p 8 -n 4 -t 1 -b 2048 -ub 512 -r 3 -o json -rtr 1", 2), File.ReadAllLines(folder["calls.txt"]));

        var rows = File.ReadAllLines(Assert.Single(Directory.GetFiles(folder["out"], "compare-stories260k-ik_llama.cpp-*.csv"))).Select(Csv.Fields).ToArray();
        Assert.Equal(ComparisonRows.Columns, rows[0]);
        Assert.All(rows, row => Assert.Equal(ComparisonRows.Columns.Length, row.Count));
        Assert.Equal(
            ["1 1 Crescent prefill", "1 1 Crescent decode", "1 2 ik_llama.cpp prefill", "1 2 ik_llama.cpp decode", "2 1 ik_llama.cpp prefill", "2 1 ik_llama.cpp decode", "2 2 Crescent prefill", "2 2 Crescent decode"],
            rows.Skip(1).Select(row => $"{row[1]} {row[2]} {row[3]} {row[11]}"));

        var report = File.ReadAllText(Assert.Single(Directory.GetFiles(folder["out"], "*.md")));
        Assert.Contains("commit 8337e4cd3, build 4840", report, StringComparison.Ordinal);
        Assert.Contains("- a note\n- another\n", report, StringComparison.Ordinal);
        Assert.Contains(result.Out, report, StringComparison.Ordinal);
        // Names of files, never their places.
        Assert.All([folder.Path, Path.GetDirectoryName(Path.GetFullPath(Models.Stories))!, AppContext.BaseDirectory], place =>
        {
            Assert.DoesNotContain(place, report, StringComparison.Ordinal);
            Assert.DoesNotContain(place, string.Join('\n', rows.SelectMany(row => row)), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Json_has_both_sides_and_the_ratio()
    {
        using var folder = new TemporaryFolder();
        var peer = FakePeer.Reporting(folder, PeerReports.LlamaHelp, PeerReports.Test(0, 4, 0.5));
        var json = Compare(folder, peer, "-p", "0", "-r", "1", "--json", "--peer-name", "other").Json;
        Assert.Equal("other", json.GetProperty("peer").GetString());
        var test = Assert.Single(json.GetProperty("tests").EnumerateArray().ToArray());
        var ours = test.GetProperty("ours").GetProperty("median").GetDouble();
        Assert.True(ours > 0);
        Assert.Equal(ours / 0.5, test.GetProperty("ratioOfMedians").GetDouble(), ours * 1e-9);
        Assert.Equal(test.GetProperty("ratioOfMedians").GetDouble(), test.GetProperty("ratio").GetProperty("median").GetDouble());
        Assert.InRange(test.GetProperty("ourBandwidthShare").GetDouble(), double.Epsilon, 1);
        Assert.InRange(test.GetProperty("peerBandwidthShare").GetDouble(), double.Epsilon, 1);
        Assert.All(json.GetProperty("files").EnumerateArray(), file => Assert.True(File.Exists(file.GetString())));
    }

    [Fact]
    public void Without_prefill_at_a_depth_only_decode_is_compared()
    {
        using var folder = new TemporaryFolder();
        var peer = FakePeer.Reporting(folder, PeerReports.IkHelp, PeerReports.Test(64, 4, 50));
        var result = Compare(folder, peer, "-d", "64", "-r", "1").Succeeded();
        Assert.Contains("warning: Prefill was not measured: ik_llama.cpp has no prefill at a depth.", result.Error, StringComparison.Ordinal);
        Assert.Contains("| decode 4 at depth 64 | ", result.Out, StringComparison.Ordinal);
        Assert.Contains("-p 0 -n 0 -gp 64,4", File.ReadAllText(folder["calls.txt"]), StringComparison.Ordinal);
        Compare(folder, peer, "-d", "64", "-n", "0", "-r", "1").Failed(1, "cannot measure prefill at a depth");
    }

    [Fact]
    public void Another_build_can_be_the_peer()
    {
        using var folder = new TemporaryFolder();
        var result = Compare(folder, CliProcess.Assembly, "-r", "1", "-p", "0", "--peer-name", "before", "--peer-args", "--read-bandwidth 20").Succeeded();
        Assert.Contains("| test | Crescent tok/s | before tok/s |", result.Out, StringComparison.Ordinal);
        Compare(folder, CliProcess.Assembly, "-r", "1", "--ours", Models.Stories).Failed(1, "--ours: expected a build of crescent");
    }

    [Theory]
    [InlineData("echo 'error: failed to load model' >&2; exit 3", "llama.cpp ended with exit code 3 and said: error: failed to load model")]
    [InlineData("kill -SEGV $$", "llama.cpp ended with exit code 139 and said: nothing")]
    [InlineData("echo nonsense", "llama.cpp: expected a JSON array of tests")]
    [InlineData("echo '[]'", "llama.cpp: expected a prefill test in its report, found none")]
    public void A_peer_that_fails_ends_it_in_one_line(string body, string expected)
    {
        using var folder = new TemporaryFolder();
        var peer = FakePeer.Write(folder, PeerReports.LlamaHelp, body);
        Compare(folder, peer, "-r", "1", "--quiet").Failed(1, expected);
    }

    [Fact]
    public void What_is_no_peer_is_refused_before_anything_runs()
    {
        using var folder = new TemporaryFolder();
        Compare(folder, folder["none"]).Failed(1, "--peer: no such file");
        Compare(folder, Models.Stories).Failed(1, "cannot be started");
        Compare(folder, FakePeer.Write(folder, "usage: something else", "exit 0")).Failed(1, "--peer: expected a llama-bench");
        InProcess.Run("compare", Models.Stories).Failed(2, "--peer");
        InProcess.Run("compare", "--peer", "x").Failed(2, "no model given");
    }

    [Theory]
    [InlineData("-p 0 -n 0", "nothing to measure")]
    [InlineData("-r 0", "--pairs: expected 1..1000, found 0")]
    [InlineData("--repeats 0", "--repeats: expected 1..1000, found 0")]
    [InlineData("-t 0", "--threads: expected 1..1024, found 0")]
    [InlineData("-ub 0", "--ubatch: expected 1..65536, found 0")]
    [InlineData("-d -1", "--depth: expected 0..16777216, found -1")]
    public void Bad_sizes_are_named(string options, string expected) =>
        InProcess.Run(["compare", Models.Stories, "--peer", "x", .. options.Split(' ')]).Failed(2, expected);

    [Fact]
    public async Task An_interrupt_ends_the_peer_too()
    {
        using var folder = new TemporaryFolder();
        var peer = FakePeer.Write(folder, PeerReports.LlamaHelp, $"echo $$ > '{folder["pid.partial"]}'; mv '{folder["pid.partial"]}' '{folder["pid"]}'; sleep 600");
        using var interrupt = new CancellationTokenSource();
        using var watcher = new FileSystemWatcher(folder.Path, "pid") { EnableRaisingEvents = true };
        watcher.Renamed += (_, _) => interrupt.Cancel();
        var result = await Task.Run(() => InProcess.RunWith("", interrupt.Token, Arguments(folder, peer, "-r", "1", "--quiet")), TestContext.Current.CancellationToken);
        Assert.Equal((130, "crescent: interrupted\n"), (result.ExitCode, result.Error));
        var id = int.Parse(await File.ReadAllTextAsync(folder["pid"], TestContext.Current.CancellationToken));
        try
        {
            using var process = Process.GetProcessById(id);
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), "the peer still runs");
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
    }

    [Fact]
    public void The_script_tells_how_it_is_used()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a bash script");
        using var process = CliProcess.StartProgram("bash", Path.Combine(SharedData.RepositoryRoot(), "bench", "compare"));
        var result = process.Finish();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("bench/compare LLAMA_BENCH MODEL.gguf", result.Error, StringComparison.Ordinal);
    }

    private static CliResult Compare(TemporaryFolder folder, string peer, params string[] options) => InProcess.Run(Arguments(folder, peer, options));

    private static string[] Arguments(TemporaryFolder folder, string peer, params string[] options)
    {
        string[] standard = options.Contains("-p") ? ["-n", "4"] : options.Contains("-n") ? ["-p", "8"] : ["-p", "8", "-n", "4"];
        return ["compare", Models.Stories, "--peer", peer, "-t", "1", "-o", folder["out"], "--args", "--read-bandwidth 20", .. standard, .. options];
    }
}
