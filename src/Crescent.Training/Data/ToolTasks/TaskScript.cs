using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Text.Templates;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data.ToolTasks;

/// <summary>A conversation in the making.</summary>
internal sealed class TaskScript(TrainingRandom random, bool isFrench, DateOnly today, TaskToolset tools)
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<ChatMessage> _messages = [];
    private int _calls;

    public TrainingRandom Random => random;

    public bool IsFrench => isFrench;

    public DateOnly Today => today;

    public TaskScript User(string text)
    {
        // Some people leave out the full stop, or the capital.
        text = random.Next(5) == 0 ? text.TrimEnd('.') : text;
        return Add(new ChatMessage("user", random.Next(8) == 0 ? char.ToLowerInvariant(text[0]) + text[1..] : text));
    }

    public TaskScript User(string english, string french) => User(isFrench ? french : english);

    public TaskScript Say(string english, string french) => Add(new ChatMessage("assistant", isFrench ? french : english));

    /// <summary>A call and its result.</summary>
    public TaskScript Call(string tool, JsonNode result, params (string Name, object? Value)[] arguments)
    {
        var call = tools.Call(tool, _calls++, arguments);
        return Add(new ChatMessage("assistant", null) { ToolCalls = [call] }).Result(call, result);
    }

    /// <summary>Two calls in one turn, and their results.</summary>
    public TaskScript CallBoth(string tool, (JsonNode Result, (string Name, object? Value)[] Arguments) first, (JsonNode Result, (string Name, object? Value)[] Arguments) second)
    {
        var (one, two) = (tools.Call(tool, _calls, first.Arguments), tools.Call(tool, _calls + 1, second.Arguments));
        _calls += 2;
        return Add(new ChatMessage("assistant", null) { ToolCalls = [one, two] }).Result(one, first.Result).Result(two, second.Result);
    }

    public Example ToExample(string key)
    {
        // Nothing that is said depends on the day where no tool is called.
        ChatMessage[] messages = _calls == 0 && random.Next(3) == 0 ? [.. _messages] : [new ChatMessage("system", DialogueClock.Describe(today)), .. _messages];
        return Example.OfMessages(key, Split.IsHeldOut(key), messages, tools.Offered);
    }

    private TaskScript Result(ToolCall call, JsonNode result) => Add(new ChatMessage("tool", result.ToJsonString(s_json)) { ToolCallId = call.Id });

    private TaskScript Add(ChatMessage message)
    {
        _messages.Add(message);
        return this;
    }
}
