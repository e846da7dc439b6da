using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class ChatCommandTests
{
    [Fact]
    public void A_conversation_is_answered_turn_by_turn()
    {
        var lines = Lines(Chat(["Once upon a time", "", "Tim saw a"]));
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.NotEqual("", line));
    }

    [Fact]
    public void Every_command_does_what_help_says()
    {
        using var folder = new TemporaryFolder();
        var result = Chat(
            ["/help", "/stats", "/tools", "/system Be brief", "Once upon", "/stats", $"/save {folder["a.json"]}", "/regen", "/undo", "/undo", $"/save {folder["b.json"]}",
             $"/load {folder["a.json"]}", "/clear", $"/save {folder["c.json"]}", "/system", $"/save {folder["d.json"]}", "/exit", "never read"]).Succeeded();
        foreach (var command in new[] { "/help", "/system", "/clear", "/undo", "/regen", "/save", "/load", "/tools", "/stats", "/exit" })
        {
            Assert.Contains($"{command} ", result.Out, StringComparison.Ordinal);
        }

        Assert.Contains("no answer yet", result.Out, StringComparison.Ordinal);
        Assert.Contains("no tools on offer", result.Out, StringComparison.Ordinal);
        Assert.Contains("tok/s", result.Out, StringComparison.Ordinal);
        Assert.Contains("took back: Once upon", result.Error, StringComparison.Ordinal);
        Assert.Contains("nothing to take back", result.Error, StringComparison.Ordinal);
        Assert.Contains("2 messages", result.Error, StringComparison.Ordinal);
        Assert.Equal(["system: Be brief", "user: Once upon", "assistant"], Roles(folder["a.json"]));
        Assert.Equal(["system: Be brief"], Roles(folder["b.json"]));
        Assert.Equal(["system: Be brief"], Roles(folder["c.json"]));
        Assert.Empty(Roles(folder["d.json"]));
    }

    [Fact]
    public void A_greedy_answer_comes_again_when_it_is_asked_for_anew()
    {
        var lines = Lines(Chat(["Once upon", "/regen"]));
        Assert.Equal(lines[0], lines[1]);
    }

    [Fact]
    public void A_loaded_conversation_goes_on_as_the_saved_one()
    {
        using var folder = new TemporaryFolder();
        var whole = Lines(Chat(["Once upon", $"/save {folder["talk.json"]}", "Then she"]));
        var resumed = Lines(Chat([$"/load {folder["talk.json"]}", "Then she"]));
        Assert.Equal(whole[^1], resumed[^1]);
    }

    [Fact]
    public void A_message_over_several_lines_is_one_message_even_where_it_begins_like_a_command()
    {
        using var folder = new TemporaryFolder();
        Chat(["\"\"\"", "/usr/bin is", "a folder", "\"\"\"", $"/save {folder["a.json"]}", "\"\"\"one line\"\"\"", $"/save {folder["b.json"]}"]).Succeeded();
        Assert.Equal("user: /usr/bin is\na folder", Roles(folder["a.json"])[0]);
        Assert.Equal("user: one line", Roles(folder["b.json"])[2]);
    }

    [Fact]
    public void A_mistake_is_one_line_and_the_conversation_goes_on()
    {
        using var folder = new TemporaryFolder();
        var bad = folder.Write("bad.json", "{\"messages\": 3}");
        var result = Chat(
            ["/bogus", "/save", "/load", $"/load {folder["none.json"]}", $"/load {bad}", $"/load {folder.Write("text.json", "hello")}", $"/save {Path.Combine(folder["no"], "x")}", "/regen", "Once upon"]).Succeeded();
        var errors = result.Error.Split('\n').Where(line => line.StartsWith("crescent: ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(8, errors.Length);
        Assert.Contains("unknown command /bogus", errors[0], StringComparison.Ordinal);
        Assert.Contains("expected a file name", errors[1], StringComparison.Ordinal);
        Assert.Contains("no such file", errors[3], StringComparison.Ordinal);
        Assert.Contains("bad.json", errors[4], StringComparison.Ordinal);
        Assert.Contains("text.json", errors[5], StringComparison.Ordinal);
        Assert.Contains("/save: no folder", errors[6], StringComparison.Ordinal);
        Assert.Contains("nothing to answer yet", errors[7], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.NotEqual("", result.Out.Trim());
    }

    [Fact]
    public void Whole_oldest_turns_go_when_the_context_is_full()
    {
        using var folder = new TemporaryFolder();
        var result = Chat([.. Enumerable.Range(0, 12).Select(i => $"Message {i} of a long talk."), $"/save {folder["talk.json"]}"], "--system", "Be brief").Succeeded();
        Assert.Contains("warning: the context is full: the oldest", result.Error, StringComparison.Ordinal);
        var messages = Roles(folder["talk.json"]);
        Assert.Equal("system: Be brief", messages[0]);
        Assert.StartsWith("user: ", messages[1], StringComparison.Ordinal);
        Assert.DoesNotContain("user: Message 0 of a long talk.", messages);
        Assert.Contains("user: Message 11 of a long talk.", messages);
    }

    [Fact]
    public void A_message_that_never_fits_is_refused_and_forgotten()
    {
        using var folder = new TemporaryFolder();
        var result = Chat([string.Concat(Enumerable.Repeat("word ", 400)), $"/save {folder["talk.json"]}", "Once upon"]).Succeeded();
        Assert.Contains("leaves no room for an answer in a context of 128", result.Error, StringComparison.Ordinal);
        Assert.Empty(Roles(folder["talk.json"]));
        Assert.NotEqual("", result.Out.Trim());
    }

    [Fact]
    public void Json_is_a_document_for_each_answer_and_nothing_else_on_standard_output()
    {
        var result = Chat(["Once upon", "/stats", "/help", "Then she"], "--json").Succeeded();
        var answers = Lines(result);
        Assert.Equal(2, answers.Length);
        Assert.All(answers, line =>
        {
            using var json = JsonDocument.Parse(line);
            JsonAssert.HasFields(json.RootElement, "text", "ids", "finishReason", "promptTokens", "cachedTokens", "generatedTokens", "seed");
        });
    }

    [Fact]
    public void The_end_of_input_leaves_even_within_a_message()
    {
        Assert.Equal("", InProcess.Pipe("", "chat", Models.Stories).Succeeded().Out);
        InProcess.Pipe("\"\"\"half a", "chat", Models.Stories, "-n", "2").Succeeded();
    }

    [Fact]
    public void An_interrupt_ends_it_with_130()
    {
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        Assert.Equal(130, InProcess.RunWith("Once", interrupt.Token, "chat", Models.Stories).ExitCode);
    }

    [Fact]
    public void An_answer_has_at_least_a_token() => InProcess.Run("chat", Models.Stories, "-n", "0").Failed(2, "--tokens: expected at least 1, found 0");

    [Fact]
    public void Synthetic_models_of_every_chat_family_hold_a_conversation()
    {
        using var folder = new TemporaryFolder();
        foreach (var preset in new[] { "tiny-kimi-k2", "tiny-kimi-linear", "tiny-qwen3-30b-a3b", "tiny-llama-3.2-1b" })
        {
            InProcess.Run("synth", preset, folder["m.gguf"]).Succeeded();
            var result = InProcess.Pipe("Hello\nAnd then?\n", "chat", folder["m.gguf"], "-n", "3", "--temp", "0", "--json").Succeeded();
            Assert.Equal(2, Lines(result).Length);
        }
    }

    [Fact]
    public void A_second_turn_of_a_recurrent_model_starts_from_the_first_ones_state()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("synth", "tiny-kimi-linear", folder["m.gguf"]).Succeeded();
        // Saved and loaded, the conversation is new to the cache: the answer must be the same.
        var messages = string.Join(' ', Enumerable.Repeat("Tell me more", 12));
        var lines = Lines(InProcess.Pipe($"{messages}\nAnd then?\n", "chat", folder["m.gguf"], "-n", "40", "--temp", "0", "--json", "--mla", "absorbed").Succeeded());
        var first = Lines(InProcess.Pipe($"{messages}\n/save {folder["c.json"]}\n", "chat", folder["m.gguf"], "-n", "40", "--temp", "0", "--json", "--mla", "absorbed").Succeeded());
        Assert.Equal(Answer(first[0]).Text, Answer(lines[0]).Text);
        var fresh = Lines(InProcess.Pipe($"/load {folder["c.json"]}\nAnd then?\n", "chat", folder["m.gguf"], "-n", "40", "--temp", "0", "--json", "--mla", "absorbed").Succeeded());
        Assert.Equal(0, Answer(fresh[0]).Cached);
        Assert.InRange(Answer(lines[1]).Cached, 32, int.MaxValue);
        Assert.Equal(0, Answer(lines[1]).Cached % 32);
        Assert.Equal(Answer(fresh[0]).Text, Answer(lines[1]).Text);

        static (string? Text, int Cached) Answer(string line)
        {
            using var json = JsonDocument.Parse(line);
            return (json.RootElement.GetProperty("text").GetString(), json.RootElement.GetProperty("cachedTokens").GetInt32());
        }
    }

    private static CliResult Chat(string[] lines, params string[] options) =>
        InProcess.Pipe(string.Join('\n', lines) + "\n", ["chat", Models.Stories, "-n", "5", "--temp", "0", .. options]);

    private static string[] Lines(CliResult result) => result.Succeeded().Out.TrimEnd('\n').Split('\n');

    // "role: content" of what was said to the model, "assistant" for what it said.
    private static string[] Roles(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return
        [
            .. document.RootElement.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("role").GetString() is "assistant"
                ? "assistant"
                : $"{message.GetProperty("role").GetString()}: {message.GetProperty("content").GetString()}"),
        ];
    }
}
