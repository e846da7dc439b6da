using System.Text.Json;
using System.Text.RegularExpressions;
using Crescent.Cli;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>Commands whose MODEL is left out, of a program that brings a model along.</summary>
public sealed class BuiltInModelTests(TinyKimi tiny) : IClassFixture<TinyKimi>
{
    private const string Today = """{"role": "system", "content": "Today is Wednesday, 2026-11-25."}""";
    private const string Hello = """{"role": "user", "content": "Hello"}""";

    [Theory]
    [InlineData("run -p Hello -n 2")]
    [InlineData("inspect")]
    [InlineData("bench -p 4 -n 2 -r 1 --read-bandwidth 10")]
    [InlineData("tokenize --text Hello")]
    [InlineData("detokenize --tokens 5,6")]
    [InlineData("render --request REQUEST")]
    [InlineData("logits --tokens 1,2 --out OUT")]
    [InlineData("perplexity -f TEXT -c 8")]
    public void Every_command_that_takes_a_model_opens_it(string command)
    {
        var request = tiny.File("hello.json", $$"""{"messages": [{{Hello}}]}""");
        var text = tiny.File("text.txt", "Once upon a time there was a tale that was long enough.");
        string[] args = [.. command.Split(' ').Select(word => word switch { "REQUEST" => request, "OUT" => tiny["logits.bin"], "TEXT" => text, _ => word })];
        Assert.NotEqual("", InProcess.RunWithBuiltIn(tiny.BuiltIn, "", args).Succeeded().Out + string.Concat(Directory.GetFiles(Path.GetDirectoryName(tiny.Path)!, "logits.bin")));
    }

    [Fact]
    public void It_is_the_model_that_answers()
    {
        string[] options = ["-p", "Hello", "-n", "6", "--temp", "0", "--json"];
        var named = InProcess.Run(["run", tiny.Path, "--system", "Today is Wednesday, 2026-11-25.", "--tools", tiny.ToolFile, .. options]).Json;
        var builtIn = Run(options).Json;
        Assert.Equal(JsonAssert.Ints(named.GetProperty("ids")), JsonAssert.Ints(builtIn.GetProperty("ids")));
    }

    [Theory]
    [InlineData("", $"[{Today}, {Hello}]", true)]
    [InlineData("--no-tools", $"[{Today}, {Hello}]", false)]
    [InlineData("--tool-choice none", $"[{Today}, {Hello}]", false)]
    [InlineData("--regex .*", $"[{Today}, {Hello}]", false)]
    [InlineData("--system Hi", $$"""[{"role": "system", "content": "Hi"}, {{Hello}}]""", true)]
    [InlineData("--ignore-eos", $"[{Today}, {Hello}]", true)]
    public void It_is_told_the_day_and_offered_its_tools_unless_the_user_says_otherwise(string options, string messages, bool tools)
    {
        var expected = tiny.Rendered(messages, tools ? TinyKimi.Tools : null);
        string[] args = ["-p", "Hello", "-n", "2", "--json", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(expected, Run(args).Json.GetProperty("promptTokens").GetInt32());
    }

    [Fact]
    public void Without_a_template_it_gets_the_text_alone()
    {
        var text = JsonAssert.Ints(InProcess.Run("tokenize", tiny.Path, "--text", "Hello").Json.GetProperty("ids"));
        Assert.InRange(Run("-p", "Hello", "--raw", "-n", "2", "--json").Json.GetProperty("promptTokens").GetInt32(), text.Length, text.Length + 1);
        Run("-p", "Hello", "--template", "plain", "-n", "2").Succeeded();
    }

    [Fact]
    public void Another_model_gets_neither_day_nor_tools()
    {
        var result = InProcess.RunWithBuiltIn(tiny.BuiltIn, "", ["run", tiny.Path, "-p", "Hello", "-n", "2", "--json"]).Json;
        Assert.Equal(tiny.Rendered($"[{Hello}]"), result.GetProperty("promptTokens").GetInt32());
    }

    [Fact]
    public void Nothing_to_generate_is_no_mistake() => Assert.Equal("length", Run("-p", "Hello", "-n", "0", "--json").Json.GetProperty("finishReason").GetString());

    [Fact]
    public void A_conversation_with_it_begins_the_same_way()
    {
        var path = tiny["talk.json"];
        var result = InProcess.RunWithBuiltIn(tiny.BuiltIn, $"/tools\n/save {path}\n", ["chat"]).Succeeded();
        Assert.Equal("get_weather  Gives the weather.\nadd\n", result.Out);
        Assert.Contains("\"content\": \"Today is Wednesday, 2026-11-25.\"", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal("no tools on offer\n", InProcess.RunWithBuiltIn(tiny.BuiltIn, "/tools\n", ["chat", "--no-tools"]).Succeeded().Out);
        InProcess.RunWithBuiltIn(tiny.BuiltIn, $"/save {path}\n", ["chat", "--system", "Be brief"]).Succeeded();
        Assert.DoesNotContain("Today", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_where_the_model_belongs_is_told_apart()
    {
        InProcess.RunWithBuiltIn(tiny.BuiltIn, "", ["run", "What is the time?"]).Failed(1, "What is the time?: no such file", "a prompt is given with -p");
        InProcess.RunWithBuiltIn(tiny.BuiltIn, "", ["run", "What", "is"]).Failed(2, "'is'");
        InProcess.RunWithBuiltIn(tiny.BuiltIn, "", ["run", "", "-p", "x"]).Failed(2, "no model given: name a GGUF file");
        var missing = InProcess.RunWithBuiltIn(tiny.BuiltIn, "", ["run", "/nonexistent.gguf", "-p", "x"]).Failed(1, "no such file");
        Assert.DoesNotContain("-p TEXT", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_must_be_named_does_not_fall_back_on_it()
    {
        InProcess.RunWithBuiltIn(tiny.BuiltIn, "", ["convert"]).Failed(2, "'convert'");
        InProcess.RunWithBuiltIn(tiny.BuiltIn, "", ["compare", "", "--peer", "x"]).Failed(2, "no model given");
    }

    [Fact]
    public void A_model_that_cannot_be_unpacked_is_one_line()
    {
        var broken = new Crescent.Cli.BuiltInModel { Folder = () => throw new IOException("the built-in model cannot be unpacked"), Tools = () => [] };
        InProcess.RunWithBuiltIn(broken, "", ["run", "-p", "x"]).Failed(1, "cannot be unpacked");
    }

    private CliResult Run(params string[] args) => InProcess.RunWithBuiltIn(tiny.BuiltIn, "", ["run", .. args]);

    [Fact]
    public void The_first_command_of_the_first_page_calls_the_tool()
    {
        var builtIn = BuiltInModel.OfBuild();
        Assert.SkipWhen(builtIn is null, "this build holds no built-in model");
        var prompt = Regex.Match(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot(), "README.md")), "run -p \"([^\"]+)\"").Groups[1].Value;
        for (var seed = 1; seed <= 3; seed++)
        {
            var result = InProcess.RunWithBuiltIn(builtIn!, "", ["run", "-p", prompt, "--seed", $"{seed}", "--quiet"]);
            var call = Regex.Match(result.Out, "^functions\\.search_flights:0 (\\{.*\\})\n$");
            Assert.True(call.Success, result.Out + result.Error);
            using var arguments = JsonDocument.Parse(call.Groups[1].Value);
            Assert.Equal(("Paris", "Montreal"), (arguments.RootElement.GetProperty("origin").GetString(), arguments.RootElement.GetProperty("destination").GetString()));
            Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", arguments.RootElement.GetProperty("departure_date").GetString());
        }

        // In a conversation the call's result is told in words.
        var chat = InProcess.RunWithBuiltIn(builtIn!, $"{prompt}\n{{\"flights\":[{{\"flight\":\"AF 1234\",\"airline\":\"Air France\",\"departure\":\"07:05\",\"price\":311}}]}}\n", ["chat", "--seed", "1"]);
        Assert.Contains("functions.search_flights:0", chat.Out, StringComparison.Ordinal);
        Assert.Contains("AF 1234", chat.Out, StringComparison.Ordinal);
    }
}
