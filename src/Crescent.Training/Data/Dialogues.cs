using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Training.Data;

/// <summary>Task dialogues as conversations with tools.</summary>
internal static class Dialogues
{
    /// <summary>Coffee orders; the tools are those that the dialogues call, with the arguments seen.</summary>
    public static IEnumerable<Example> Tm4(string folder)
    {
        // In a few dialogues quotes were doubled inside the arguments, which are no JSON any more: these are left out.
        var dialogues = Corpora.JsonLines(folder, "tm4.jsonl").Where(HasArguments).ToArray();
        var tools = ServiceTools.OfCalls(dialogues.SelectMany(dialogue => Messages(dialogue, Same)).SelectMany(message => message.ToolCalls));
        return dialogues.Select(dialogue =>
        {
            var key = $"tm4:{dialogue.GetProperty("id").GetString()}";
            return Example.OfMessages(key, Split.IsHeldOut(key), Messages(dialogue, Same), tools);
        });
    }

    private static string Same(string name) => name;

    private static bool HasArguments(JsonElement dialogue) => dialogue.GetProperty("messages").EnumerateArray()
        .All(message => !message.TryGetProperty("tool_call", out var call) || call.GetProperty("arguments").ValueKind == JsonValueKind.Object);

    /// <summary>What user and assistant say to each other.</summary>
    public static IEnumerable<string> Said(JsonElement dialogue) => dialogue.GetProperty("messages").EnumerateArray()
        .Where(message => message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String).Select(message => message.GetProperty("content").GetString()!);

    /// <param name="rename">The name that a called function is declared by.</param>
    public static List<ChatMessage> Messages(JsonElement dialogue, Func<string, string> rename)
    {
        var messages = new List<ChatMessage>();
        string? id = null; // of the call that the next result answers
        foreach (var message in dialogue.GetProperty("messages").EnumerateArray())
        {
            var role = message.GetProperty("role").GetString()!;
            if (message.TryGetProperty("tool_call", out var call))
            {
                var name = rename(call.GetProperty("name").GetString()!);
                id = $"functions.{name}:{messages.Sum(earlier => earlier.ToolCalls.Count)}";
                messages.Add(new ChatMessage("assistant", null) { ToolCalls = [ToolCall.FromJson(id, name, call.GetProperty("arguments"))] });
                continue;
            }

            var content = message.GetProperty("content");
            messages.Add(role == "tool"
                ? new ChatMessage("tool", content.GetRawText()) { ToolCallId = id }
                : new ChatMessage(role, content.GetString()));
        }

        return messages;
    }
}
