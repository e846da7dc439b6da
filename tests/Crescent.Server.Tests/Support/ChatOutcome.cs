using System.Text;
using System.Text.Json;
using Xunit;

namespace Crescent.Tests.Support;

/// <summary>A chat completion's choice, whether it came whole or in pieces.</summary>
internal sealed record ChatOutcome(string Content, IReadOnlyList<OutcomeCall> Calls, string? Finish)
{
    public static ChatOutcome Of(JsonElement reply)
    {
        var choice = reply.GetProperty("choices")[0];
        var message = choice.GetProperty("message");
        var calls = message.TryGetProperty("tool_calls", out var list) ? list.EnumerateArray().Select(OutcomeCall.Of) : [];
        return new ChatOutcome(message.GetProperty("content").GetString() ?? "", [.. calls], choice.GetProperty("finish_reason").GetString());
    }

    /// <summary>Puts a stream's chunks together as OpenAI's clients do: a call's first piece has its id and name, others add to its arguments.</summary>
    public static ChatOutcome Of(IEnumerable<JsonElement> chunks)
    {
        var content = new StringBuilder();
        var calls = new List<OutcomeCall>();
        string? finish = null;
        foreach (var choice in chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()))
        {
            Assert.Null(finish);
            finish = choice.GetProperty("finish_reason").GetString();
            var delta = choice.GetProperty("delta");
            content.Append(delta.TryGetProperty("content", out var text) ? text.GetString() : "");
            foreach (var piece in delta.TryGetProperty("tool_calls", out var list) ? list.EnumerateArray().ToArray() : [])
            {
                Add(calls, piece);
            }
        }

        return new ChatOutcome(content.ToString(), calls, finish);
    }

    public bool Equals(ChatOutcome? other) => other is not null && Content == other.Content && Finish == other.Finish && Calls.SequenceEqual(other.Calls);

    public override int GetHashCode() => Content.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"{Finish}: {Content} {string.Join(", ", Calls)}";

    private static void Add(List<OutcomeCall> calls, JsonElement piece)
    {
        var index = piece.Int("index");
        if (index == calls.Count)
        {
            calls.Add(OutcomeCall.Of(piece));
            return;
        }

        Assert.Equal(calls.Count - 1, index);
        Assert.False(piece.TryGetProperty("id", out _));
        calls[index] = calls[index] with { Arguments = calls[index].Arguments + piece.GetProperty("function").Text("arguments") };
    }
}

internal sealed record OutcomeCall(string Id, string Name, string Arguments)
{
    public static OutcomeCall Of(JsonElement call)
    {
        var function = call.GetProperty("function");
        return new OutcomeCall(call.Text("id")!, function.Text("name")!, function.Text("arguments")!);
    }
}
