using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>Calls within a conversation, and the results that the user gives them.</summary>
public sealed class ChatToolTests(TinyKimi tiny) : IClassFixture<TinyKimi>
{
    [Fact]
    public void The_line_after_a_call_is_its_result_and_the_answer_goes_on()
    {
        var path = tiny["talk.json"];
        var answers = Answers(Chat(["Weather?", """{"sky": "blue"}""", "", "/etc/motd", $"/save {path}"], "--json"));
        Assert.Equal(4, answers.Length);
        var calls = answers.Select(answer => Assert.Single(answer.GetProperty("tool_calls").EnumerateArray())).ToArray();
        Assert.Equal([0, 1, 2, 3], calls.Select(call => int.Parse(call.GetProperty("id").GetString()!.Split(':')[1])));
        Assert.Equal(
            ["user: Weather?", "assistant", """tool 0: {"sky": "blue"}""", "assistant", """tool 1: {"error":"no result"}""", "assistant", "tool 2: /etc/motd", "assistant"], Roles(path));

        // What the model was given is what the whole conversation renders to.
        var messages = Messages(path);
        for (var i = 0; i < answers.Length; i++)
        {
            var before = $"[{string.Join(',', messages.Take(1 + (2 * i)).Select(message => message.GetRawText()))}]";
            Assert.Equal(tiny.Rendered(before, TinyKimi.Tools), answers[i].GetProperty("promptTokens").GetInt32());
        }
    }

    [Fact]
    public void A_conversation_that_was_saved_with_its_calls_goes_on_as_if_it_had_not_been()
    {
        var path = tiny["saved.json"];
        var whole = Answers(Chat(["Weather?", "rain", $"/save {path}", "snow"], "--json", "--temp", "0"));
        var resumed = Answers(Chat([$"/load {path}", "snow"], "--json", "--temp", "0"));
        Assert.Equal(whole[^1].GetProperty("promptTokens").GetInt32(), resumed[^1].GetProperty("promptTokens").GetInt32());
        Assert.Equal(JsonAssert.Ints(whole[^1].GetProperty("ids")), JsonAssert.Ints(resumed[^1].GetProperty("ids")));
    }

    [Fact]
    public void Every_call_of_an_answer_gets_a_result()
    {
        var file = tiny.File("two.json", """
            {"messages": [{"role": "user", "content": "Both?"}, {"role": "assistant", "content": null, "tool_calls": [
              {"id": "functions.add:0", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1,\"b\":2}"}},
              {"id": "functions.add:1", "type": "function", "function": {"name": "add", "arguments": "{\"a\":3,\"b\":4}"}}]}]}
            """);
        var path = tiny["both.json"];
        var result = InProcess.Pipe($"/load {file}\n3\n/save {tiny["half.json"]}\n7\n/save {path}\n", ["chat", tiny.Path, "--tools", tiny.ToolFile, "-n", "4", "--json"]);
        Assert.Single(Answers(result));
        Assert.Equal(["user: Both?", "assistant", "tool 0: 3"], Roles(tiny["half.json"]));
        Assert.Equal(["user: Both?", "assistant", "tool 0: 3", "tool 1: 7", "assistant"], Roles(path));
    }

    [Fact]
    public void A_result_that_does_not_fit_is_refused_and_asked_for_again()
    {
        var path = tiny["short.json"];
        var result = Chat(["Weather?", Goldens.Words(2000), "rain", $"/save {path}"], "-c", "2000", "--json");
        Assert.Equal(2, Answers(result).Length);
        Assert.Contains("leaves no room for an answer in a context of 2000", result.Error, StringComparison.Ordinal);
        Assert.Equal(["user: Weather?", "assistant", "tool 0: rain", "assistant"], Roles(path));
    }

    [Fact]
    public void Commands_are_no_results_unless_they_are_quoted()
    {
        var path = tiny["undone.json"];
        var result = Chat(["Weather?", "/stats", "/tools", "/undo", $"/save {path}", "Again?", "\"\"\"/undo", "it\"\"\"", $"/save {tiny["quoted.json"]}"]).Succeeded();
        Assert.Contains("tok/s", result.Out, StringComparison.Ordinal);
        Assert.Contains("get_weather  Gives the weather.\nadd\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("took back: Weather?", result.Error, StringComparison.Ordinal);
        Assert.Empty(Roles(path));
        Assert.Equal(["user: Again?", "assistant", "tool 0: /undo\nit", "assistant"], Roles(tiny["quoted.json"]));
    }

    [Fact]
    public void Calls_are_shown_and_the_keyboard_is_asked_for_their_results()
    {
        var result = InProcess.RunWithBuiltIn(tiny.BuiltIn, "Weather?\nrain\n", ["chat", "-n", "90", .. tiny.OneCall()], isTyped: true).Succeeded();
        var lines = result.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Matches("^functions\\.(get_weather|add):0 \\{.*\\}$", lines[0]);
        Assert.Matches("^functions\\.(get_weather|add):0 \\{.*\\}$", lines[1]);
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(result.Error, "result of (get_weather|add)> "));
    }

    [Fact]
    public void Tools_come_and_go_while_it_lasts()
    {
        var one = tiny.File("one.json", """[{"function": {"name": "roll", "description": "Rolls a die.\nOnce."}}]""");
        var result = InProcess.Pipe($"/tools\n/tools {one}\n/tools off\n/tools {tiny.ToolFile}\n", ["chat", tiny.Path]).Succeeded();
        Assert.Equal("no tools on offer\nroll  Rolls a die. Once.\nno tools on offer\nget_weather  Gives the weather.\nadd\n", result.Out);
    }

    [Fact]
    public void Tools_that_cannot_be_offered_leave_the_others_in_place()
    {
        var shape = tiny.File("shape.json", "{\"tools\": []}");
        var schema = tiny.File("schema.json", """[{"function": {"name": "f", "parameters": {"type": "numeral"}}}]""");
        var result = InProcess.Pipe($"/tools {shape}\n/tools {schema}\n/tools {tiny["none.json"]}\n/tools\n", ["chat", tiny.Path, "--tools", tiny.ToolFile]).Succeeded();
        var errors = result.Error.Split('\n').Where(line => line.StartsWith("crescent: ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, errors.Length);
        Assert.Contains("shape.json: expected at least one tool", errors[0], StringComparison.Ordinal);
        Assert.StartsWith("crescent: /tools: tool f: ", errors[1], StringComparison.Ordinal);
        Assert.Contains("/tools: no such file", errors[2], StringComparison.Ordinal);
        Assert.Equal("get_weather  Gives the weather.\nadd\n", result.Out);
    }

    [Fact]
    public void A_family_without_tools_refuses_them_and_talks_on()
    {
        InProcess.Run("chat", Models.Stories, "--tools", tiny.ToolFile).Failed(2, "--tools: the template ", "cannot render tools");
        var called = tiny.File("called.json", """
            {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {}}}]}, {"role": "tool", "tool_call_id": "a", "content": "1"}]}
            """);
        var result = InProcess.Pipe($"/tools {tiny.ToolFile}\n/load {called}\nAnd?\n/clear\nOnce upon\n", ["chat", Models.Stories, "-n", "3"]).Succeeded();
        var errors = result.Error.Split('\n').Where(line => line.StartsWith("crescent: ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, errors.Length);
        Assert.All(errors, error => Assert.Contains("cannot render tools", error, StringComparison.Ordinal));
        Assert.NotEqual("", result.Out.Trim());
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "robot", "content": "x"}]}""", "message 0: expected a role of system, user, assistant or tool, found 'robot'")]
    [InlineData("""{"messages": [{"role": "user"}]}""", "message 0: expected a text content, found none")]
    [InlineData("""{"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]}""", "message 0, call 0: expected a function, found none")]
    public void A_conversation_of_another_shape_is_refused(string content, string expected)
    {
        var file = tiny.File("odd.json", content);
        Assert.Contains($"{file}: {expected}", InProcess.Pipe($"/load {file}\n", "chat", tiny.Path).Succeeded().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_of_input_leaves_a_call_unanswered() => Assert.Single(Answers(Chat(["Weather?"], "--json")));

    private CliResult Chat(string[] lines, params string[] options) =>
        InProcess.Pipe(string.Join('\n', lines) + "\n", ["chat", tiny.Path, "--tools", tiny.ToolFile, "-n", "90", "--seed", "7", .. tiny.OneCall(), .. options]);

    private static JsonElement[] Answers(CliResult result) =>
        [.. result.Succeeded().Out.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];

    private static JsonElement[] Messages(string path) => [.. JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.GetProperty("messages").EnumerateArray()];

    // "role: content" of what was said to the model, a result with its call's number; "assistant" for what it said.
    private static string[] Roles(string path) =>
    [
        .. Messages(path).Select(message => message.GetProperty("role").GetString() switch
        {
            "assistant" => "assistant",
            "tool" => $"tool {message.GetProperty("tool_call_id").GetString()!.Split(':')[1]}: {message.GetProperty("content").GetString()}",
            var role => $"{role}: {message.GetProperty("content").GetString()}",
        }),
    ];
}
