using Crescent.Cli.Benchmarks;
using Xunit;

namespace Crescent.Tests.Benchmarks;

public sealed class CsvTests
{
    [Theory]
    [InlineData("a", "b")]
    [InlineData("", "")]
    [InlineData("a,b", "c\"d", "\"")]
    [InlineData("x", "", "two\nlines")]
    public void A_line_holds_its_fields(params string[] fields) => Assert.Equal(fields, Csv.Fields(Csv.Line(fields)));

    [Fact]
    public void Only_fields_that_need_them_stand_in_quotes() => Assert.Equal("a b,\"c,d\",\"e\"\"f\"", Csv.Line(["a b", "c,d", "e\"f"]));

    [Theory]
    [InlineData("\"a", "closing quote")]
    [InlineData("\"a\"b", "comma after a quoted field, found 'b'")]
    public void What_is_not_a_line_is_told(string line, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => Csv.Fields(line)).Message, StringComparison.Ordinal);
}
