using System.Text.Json;
using Crescent.Text.Templates;
using Crescent.Training.Data;

namespace Crescent.Training.Judging;

/// <summary>An assistant's turn of a held-out conversation: what came before it, and what was said.</summary>
/// <param name="Key">The example's key, and the place of the turn among its messages.</param>
/// <param name="Prompt">All messages before it, with the tools on offer.</param>
public sealed record ToolTurn(string Kind, string Key, PromptRequest Prompt, ChatMessage Recorded)
{
    public bool IsCall => Recorded.ToolCalls.Count > 0;

    /// <summary>All turns of an assistant in a conversation.</summary>
    public static IEnumerable<ToolTurn> Of(string kind, Example example)
    {
        ArgumentNullException.ThrowIfNull(example);
        var conversation = example.Conversation;
        return conversation is null ? [] : Enumerable.Range(0, conversation.Messages.Count).Where(i => conversation.Messages[i].Role == "assistant").Select(i => new ToolTurn(
            kind, $"{example.Key}:{i}", conversation with { Messages = [.. conversation.Messages.Take(i)], AddGenerationPrompt = true }, conversation.Messages[i]));
    }

    /// <summary>Chooses turns by seed, the same number of each kind as far as there are so many, sorted so that turns of one conversation follow each other.</summary>
    /// <param name="fits">Whether there is room for a turn in the context.</param>
    public static IReadOnlyList<ToolTurn> Choose(IEnumerable<ToolTurn> turns, int count, ulong seed, Func<ToolTurn, bool> fits)
    {
        var queues = turns.GroupBy(turn => turn.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => new Queue<ToolTurn>(kind.OrderBy(turn => HeldOut.Rank(turn.Key, seed)))).ToArray();
        var chosen = new List<ToolTurn>();
        while (chosen.Count < count && Array.Exists(queues, queue => queue.Count > 0))
        {
            foreach (var queue in queues.Where(queue => queue.Count > 0))
            {
                var turn = queue.Dequeue();
                if (chosen.Count < count && fits(turn))
                {
                    chosen.Add(turn);
                }
            }
        }

        return [.. chosen.OrderBy(turn => turn.Key, StringComparer.Ordinal)];
    }

    /// <summary>The schema of a tool's arguments; null where no such tool is on offer.</summary>
    public JsonElement? ParametersOf(string name)
    {
        foreach (var tool in Prompt.Tools)
        {
            var function = tool.Json.TryGetProperty("function", out var inner) ? inner : tool.Json;
            if (function.GetProperty("name").GetString() == name)
            {
                return function.TryGetProperty("parameters", out var parameters) ? parameters : JsonElement.Parse("{}");
            }
        }

        return null;
    }
}
