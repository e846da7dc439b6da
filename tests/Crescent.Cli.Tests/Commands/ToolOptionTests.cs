using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>Tools that a single answer may or must call, and forms that its text must have.</summary>
public sealed class ToolOptionTests(TinyKimi tiny) : IClassFixture<TinyKimi>
{
    private const string Hello = """[{"role": "user", "content": "Hello"}]""";

    [Theory]
    [InlineData("required", 0)]
    [InlineData("required", 1)]
    [InlineData("required", 2)]
    [InlineData("get_weather", 3)]
    [InlineData("add", 4)]
    public void A_call_that_is_asked_for_fits_its_schema_whatever_the_weights(string choice, int seed)
    {
        var json = Run("--tools", tiny.ToolFile, "--tool-choice", choice, "--temp", "2", "--seed", $"{seed}", "-n", "400", "--json").Json;
        var calls = json.GetProperty("tool_calls").EnumerateArray().ToArray();
        Assert.NotEmpty(calls);
        Assert.Equal("", json.GetProperty("text").GetString());
        for (var i = 0; i < calls.Length; i++)
        {
            var name = calls[i].GetProperty("name").GetString()!;
            Assert.Equal($"functions.{name}:{i}", calls[i].GetProperty("id").GetString());
            AssertFits(name, calls[i].GetProperty("arguments").GetString()!);
            Assert.True(choice is "required" || choice == name);
        }
    }

    [Fact]
    public void A_call_is_printed_as_its_name_and_its_arguments()
    {
        var line = Run(["--tools", tiny.ToolFile, "--tool-choice", "get_weather", "-n", "200", .. tiny.OneCall()]).Succeeded().Out;
        Assert.StartsWith("functions.get_weather:0 {", line, StringComparison.Ordinal);
        AssertFits("get_weather", line["functions.get_weather:0 ".Length..]);
        Assert.Equal(1, line.Count(character => character == '\n'));
    }

    [Fact]
    public void Tools_are_declared_to_the_model_and_none_are_where_none_may_be_called()
    {
        int Prompt(params string[] options) => Run(["--tools", tiny.ToolFile, "-n", "1", "--json", .. options]).Json.GetProperty("promptTokens").GetInt32();
        Assert.Equal(tiny.Rendered(Hello, TinyKimi.Tools), Prompt());
        Assert.Equal(tiny.Rendered(Hello, TinyKimi.Tools), Prompt("--tool-choice", "auto"));
        Assert.Equal(tiny.Rendered(Hello), Prompt("--tool-choice", "none"));
    }

    [Fact]
    public void As_the_model_likes_it_may_call_and_then_the_call_fits()
    {
        var call = Assert.Single(Run(["--tools", tiny.ToolFile, "-n", "400", "--json", .. tiny.OneCall()]).Json.GetProperty("tool_calls").EnumerateArray());
        AssertFits(call.GetProperty("name").GetString()!, call.GetProperty("arguments").GetString()!);
    }

    [Fact]
    public void A_file_may_be_a_request_with_tools()
    {
        var file = tiny.File("whole.json", $$"""{"messages": [], "tools": {{TinyKimi.Tools}}}""");
        Assert.Equal(tiny.Rendered(Hello, TinyKimi.Tools), Run("--tools", file, "-n", "1", "--json").Json.GetProperty("promptTokens").GetInt32());
    }

    [Theory]
    [InlineData("[", "expected JSON")]
    [InlineData("3", "expected a list of tools, or an object with a list 'tools', found Number")]
    [InlineData("{}", "expected a list 'tools', found none")]
    [InlineData("""{"tools": 3}""", "tools: expected Array, found Number")]
    [InlineData("[]", "expected at least one tool, found none")]
    [InlineData("[3]", "tool 0: expected an object, found Number")]
    [InlineData("""[{"type": "web_search"}]""", "tool 0: type: expected function, found 'web_search'")]
    [InlineData("""[{"type": "function", "name": "f"}]""", "tool 0: expected an object 'function', found none")]
    [InlineData("""[{"function": "f"}]""", "tool 0: function: expected Object, found String")]
    [InlineData("""[{"function": {}}]""", "tool 0: expected the function's name, without quotation marks, found none")]
    [InlineData("""[{"function": {"name": "a\"b"}}]""", "found 'a\"b'")]
    [InlineData("""[{"function": {"name": "f", "description": 3}}]""", "tool 0: description: expected String, found Number")]
    [InlineData("""[{"function": {"name": "f", "parameters": []}}]""", "tool 0: parameters: expected Object, found Array")]
    [InlineData("""[{"function": {"name": "f"}}, {"function": {"name": "f"}}]""", "tool 1: expected a name of its own, found 'f' again")]
    [InlineData("""[{"function": {"name": "\ud800"}}]""", "half a surrogate pair")]
    public void A_file_of_another_shape_is_refused_by_what_is_wrong(string content, string expected)
    {
        var file = tiny.File("bad.json", content);
        Run("--tools", file).Failed(1, file, expected);
    }

    [Fact]
    public void A_malformed_schema_is_told_with_its_tool() =>
        Run("--tools", tiny.File("bad.json", """[{"function": {"name": "f", "parameters": {"type": "numeral"}}}]""")).Failed(1, "--tools: tool f: ");

    [Theory]
    [InlineData("--tools FILE --no-tools", "expected one of --tools and --no-tools, found both")]
    [InlineData("--tool-choice required", "--tool-choice: required, but there are no tools")]
    [InlineData("--no-tools --tool-choice required", "--tool-choice: required, but there are no tools")]
    [InlineData("--tools FILE --tool-choice fly", "--tool-choice: expected auto, none, required, get_weather, add, found 'fly'")]
    [InlineData("--tool-choice fly", "expected auto, none, required, found 'fly' and no tools")]
    [InlineData("--tools FILE --regex a", "--tools: an answer whose text is bound by --regex cannot call tools")]
    [InlineData("--tools FILE --json-schema {}", "--tools: an answer whose text is bound by --json-schema cannot call tools")]
    [InlineData("--tool-choice required --regex a", "--tool-choice: an answer whose text is bound by --regex")]
    [InlineData("--tools FILE --raw", "--tools: tools need a chat template, and --raw leaves it out")]
    [InlineData("--tools FILE --template plain", "--tools: the template plain cannot render tools")]
    [InlineData("--tools FILE --template grok-2", "--tools: the template grok-2 cannot render tools")]
    [InlineData("--regex a --json-schema {}", "expected one of --json-schema, --grammar and --regex, found --json-schema and --regex")]
    public void What_cannot_be_had_together_is_wrong_usage(string options, string expected) =>
        Run([.. options.Split(' ').Select(word => word == "FILE" ? tiny.ToolFile : word)]).Failed(2, expected);

    [Fact]
    public void A_missing_file_is_named() => Run("--tools", tiny["none.json"]).Failed(1, "--tools: no such file", tiny["none.json"]);

    [Fact]
    public void Too_few_tokens_for_a_call_are_refused() => Run("--tools", tiny.ToolFile, "--tool-choice", "required", "-n", "3").Failed(1, "needs", "tokens");

    [Fact]
    public void Without_an_end_no_call_can_be_asked_for()
    {
        Run("--tools", tiny.ToolFile, "--ignore-eos", "-n", "3").Succeeded();
        Run("--tools", tiny.ToolFile, "--tool-choice", "required", "--ignore-eos", "-n", "90").Failed(1, "--tools: a grammar needs a token that ends the answer");
    }

    [Theory]
    [InlineData("--regex", "-?[ab]{3}c+", "^-?[ab]{3}c+$")]
    [InlineData("--regex", "-x|--temp", "^(-x|--temp)$")]
    [InlineData("--json-schema", """{"enum": ["left", "right"]}""", "^\"(left|right)\"$")]
    [InlineData("--grammar", "GBNF", "^(yes|no)$")]
    public void An_answers_text_can_be_bound(string option, string value, string expected)
    {
        value = value == "GBNF" ? tiny.File("answer.gbnf", "root ::= \"yes\" | \"no\"") : value;
        for (var seed = 0; seed < 4; seed++)
        {
            Assert.Matches(expected, Run(option, value, "--temp", "3", "--seed", $"{seed}", "-n", "30", "--json").Json.GetProperty("text").GetString());
            Assert.Matches(expected, Run(option, value, "--temp", "3", "--seed", $"{seed}", "-n", "30", "--raw", "--json").Json.GetProperty("text").GetString());
        }
    }

    [Theory]
    [InlineData("(", "--regex")]
    [InlineData("(?=x)", "--regex")]
    public void A_pattern_that_cannot_be_kept_is_refused(string pattern, string expected) => Run("--regex", pattern).Failed(1, expected);

    private CliResult Run(params string[] options) => InProcess.Run(["run", tiny.Path, "-p", "Hello", .. options]);

    private static void AssertFits(string tool, string arguments)
    {
        using var json = JsonDocument.Parse(arguments);
        var fields = json.RootElement.EnumerateObject().ToDictionary(field => field.Name, field => field.Value);
        if (tool == "add")
        {
            Assert.Equal(["a", "b"], fields.Keys.Order());
            Assert.All(fields.Values, value => Assert.InRange(value.GetInt32(), 0, 99));
            return;
        }

        Assert.Equal("get_weather", tool);
        Assert.Equal(["city", "unit"], fields.Keys.Order());
        Assert.InRange(fields["city"].GetString()!.EnumerateRunes().Count(), 0, 5);
        Assert.Contains(fields["unit"].GetString(), new[] { "celsius", "kelvin" });
    }
}
