using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Text.Tests.Templates;

/// <summary>Expected values are those of CPython's <c>json.dumps(json.loads(x), ensure_ascii=False)</c>.</summary>
public class PythonJsonTests
{
    [Theory]
    [InlineData("1.0", "1.0")]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "-0.0")]
    [InlineData("1e5", "100000.0")]
    [InlineData("1.50", "1.5")]
    [InlineData("1e16", "1e+16")]
    [InlineData("1e15", "1000000000000000.0")]
    [InlineData("123456789.125e-3", "123456.789125")]
    [InlineData("0.0001", "0.0001")]
    [InlineData("0.00001", "1e-05")]
    [InlineData("1.25E-7", "1.25e-07")]
    [InlineData("1e999", "Infinity")]
    [InlineData("12345678901234567890123", "12345678901234567890123")]
    public void Numbers_are_spelled_as_python_does(string json, string expected) => Assert.Equal(expected, Write(json, PythonJsonStyle.Spaced));

    [Fact]
    public void Only_quotes_backslashes_and_control_characters_are_escaped() => Assert.Equal(
        "\"\\\"\\\\/<>&'\\b\\f\\n\\r\\t\\u0001\\u001f\u007f\u2028é你😊\"",
        Write("\"\\\"\\\\\\/<>&'\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\\u2028é你😊\"", PythonJsonStyle.Spaced));

    [Fact]
    public void Keys_are_sorted_by_code_point_or_left_alone()
    {
        const string Json = """{"b": [{"z": 1, "y": null}, true], "\uFFFD": 1, "😊": 2, "a": {}, "b": [false]}""";
        Assert.Equal("{\"a\":{},\"b\":[false],\"\uFFFD\":1,\"😊\":2}", Write(Json, PythonJsonStyle.CompactSorted));
        Assert.Equal("{\"b\": [false], \"\uFFFD\": 1, \"😊\": 2, \"a\": {}}", Write(Json, PythonJsonStyle.Spaced));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused() =>
        Assert.Throws<ArgumentException>(() => Write("\"\\ud800\"", PythonJsonStyle.Spaced));

    private static string Write(string json, PythonJsonStyle style) => PythonJson.Write(JsonDocument.Parse(json).RootElement, style);
}
