using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Training.Data;

/// <summary>The task dialogues as conversations with tools.</summary>
internal static class Dialogues
{
    /// <summary>Schema-guided dialogues; a dialogue with a service that is held out is held out.</summary>
    public static IEnumerable<Example> Sgd(string folder)
    {
        var tools = ServiceTools.Read(folder);
        return Corpora.JsonLines(folder, "sgd.jsonl").Select(dialogue =>
        {
            var services = dialogue.GetProperty("services").EnumerateArray().Select(service => service.GetString()!).ToArray();
            var isHeldOut = services.Any(Split.HeldOutServices.Contains);
            return Example.OfMessages(
                $"sgd:{dialogue.GetProperty("split").GetString()}:{dialogue.GetProperty("id").GetString()}", isHeldOut, Messages(dialogue), [.. services.SelectMany(service => tools.GetValueOrDefault(service) ?? [])]);
        });
    }

    /// <summary>Coffee orders; the tools are those that the dialogues call, with the arguments seen.</summary>
    public static IEnumerable<Example> Tm4(string folder)
    {
        // In a few dialogues quotes were doubled inside the arguments, which are no JSON any more: these are left out.
        var dialogues = Corpora.JsonLines(folder, "tm4.jsonl").Where(HasArguments).ToArray();
        var tools = ServiceTools.OfCalls(dialogues.SelectMany(Messages).SelectMany(message => message.ToolCalls));
        return dialogues.Select(dialogue =>
        {
            var key = $"tm4:{dialogue.GetProperty("id").GetString()}";
            return Example.OfMessages(key, Split.IsHeldOut(key), Messages(dialogue), tools);
        });
    }

    private static bool HasArguments(JsonElement dialogue) => dialogue.GetProperty("messages").EnumerateArray()
        .All(message => !message.TryGetProperty("tool_call", out var call) || call.GetProperty("arguments").ValueKind == JsonValueKind.Object);

    private static List<ChatMessage> Messages(JsonElement dialogue)
    {
        var messages = new List<ChatMessage>();
        string? id = null; // of the call that the next result answers
        foreach (var message in dialogue.GetProperty("messages").EnumerateArray())
        {
            var role = message.GetProperty("role").GetString()!;
            if (message.TryGetProperty("tool_call", out var call))
            {
                var name = ServiceTools.FunctionName(call.GetProperty("name").GetString()!);
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
