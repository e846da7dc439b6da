using Crescent.Cli;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Comparisons;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Benchmarks;

public sealed class BenchFileTests
{
    [Fact]
    public void A_row_is_read_as_it_was_written()
    {
        var row = BenchRows.Row("prefill", 512, depth: 4096) with { Model = "a, \"b\".gguf", DistinctExperts = 63.125 };
        Assert.Equal(row, BenchRow.Parse(row.ToLine()));
        Assert.Equal(row with { DistinctExperts = null }, BenchRow.Parse((row with { DistinctExperts = null }).ToLine()));
        Assert.Equal(BenchRow.Columns.Length, Csv.Fields(row.ToLine()).Count);
    }

    [Theory]
    [InlineData("prefill", "fill", "line 2: test: expected prefill or decode, found 'fill'")]
    [InlineData("2026-", "x", "line 2: time: expected a date")]
    [InlineData(",4096,", ",-1,", "line 2: depth: expected a number from 0, found '-1'")]
    [InlineData(",4096,", ",NaN,", "line 2: depth: expected a number from 0, found 'NaN'")]
    [InlineData(",4096,", ",4096,,", "line 2: expected 24 fields, found 25")]
    public void A_damaged_line_is_named(string part, string instead, string expected)
    {
        using var folder = new TemporaryFolder();
        var line = BenchRows.Row("prefill", 512, depth: 4096).ToLine();
        var path = folder.Write("b.csv", $"{BenchFile.Header}\n{line.Replace(part, instead, StringComparison.Ordinal)}\n");
        Assert.Contains(expected, Assert.Throws<CommandFailedException>(() => BenchFile.Read("--csv", path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_documented_columns_are_the_files()
    {
        var document = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot(), "bench", "README.md"));
        Assert.All(BenchRow.Columns, column => Assert.Contains($"| `{column}` |", document, StringComparison.Ordinal));
        Assert.All(ComparisonRows.Columns, column => Assert.Contains($"`{column}`", document, StringComparison.Ordinal));
    }
}
