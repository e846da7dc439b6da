using System.Xml.Linq;
using Crescent.Cli.Benchmarks;
using Crescent.Tests.Benchmarks;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class ChartCommandTests
{
    [Fact]
    public void What_bench_wrote_is_drawn()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run(
            "bench", Models.Golden("g-kimi-k2-q4_0"), "-p", "8", "-n", "4", "-d", "0,32", "--batch", "1,2", "-t", "1", "-r", "2", "--read-bandwidth", "20", "--csv", folder["b.csv"]).Succeeded();
        var json = InProcess.Run("chart", folder["b.csv"], "-o", folder["b.svg"], "--json").Json;
        Assert.Equal((12, 3), (json.GetProperty("rows").GetInt32(), json.GetProperty("panels").GetInt32()));
        var texts = XDocument.Load(folder["b.svg"]).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value);
        Assert.Superset(new HashSet<string> { "g-kimi-k2-q4_0.gguf", "Prefill over depth", "Decode over depth", "Decode over batch" }, texts.ToHashSet());
    }

    [Fact]
    public void Several_files_make_one_chart()
    {
        using var folder = new TemporaryFolder();
        var first = folder.Write("1.csv", $"{BenchFile.Header}\n{BenchRows.Row("decode", 10).ToLine()}\n");
        var second = folder.Write("2.csv", $"{BenchFile.Header}\n{BenchRows.Row("decode", 8, depth: 4096).ToLine()}\n");
        InProcess.Run("chart", first, second, "-o", folder["b.svg"]).Succeeded();
        Assert.Contains("Decode over depth", File.ReadAllText(folder["b.svg"]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_drawn_is_told()
    {
        using var folder = new TemporaryFolder();
        var lone = folder.Write("1.csv", $"{BenchFile.Header}\n{BenchRows.Row("decode", 10).ToLine()}\n");
        InProcess.Run("chart", lone, "-o", folder["b.svg"]).Failed(1, "found 1 without such");
        InProcess.Run("chart", folder["none.csv"], "-o", folder["b.svg"]).Failed(1, "no such file");
        InProcess.Run("chart", folder.Write("x.csv", "a,b\n"), "-o", folder["b.svg"]).Failed(1, "expected the first line time,version");
        InProcess.Run("chart", lone).Failed(2, "--out");
    }
}
