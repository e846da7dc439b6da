using System.Globalization;

namespace Crescent.Text.Templates;

/// <summary>
/// Makes the ids of a conversation's tool calls canonical, <c>functions.NAME:N</c> with N counting over the whole conversation:
/// the model reads the function's name from nowhere else, and imitates foreign ids it sees.
/// </summary>
internal sealed class KimiCallIds
{
    private readonly Dictionary<string, string> _canonical = new(StringComparer.Ordinal);
    private readonly Queue<string> _unanswered = new();
    private long _next;

    /// <summary>The id to render for a call, in order of appearance.</summary>
    public string Called(ToolCall call)
    {
        string id;
        if (Number(call) is { } number)
        {
            id = call.Id;
            _next = Math.Max(_next, number + 1L);
        }
        else
        {
            id = Next(call.Name);
        }

        _canonical[call.Id] = id;
        _unanswered.Enqueue(id);
        return id;
    }

    /// <summary>Number of the next call.</summary>
    public int NextNumber => (int)Math.Min(_next, int.MaxValue);

    /// <summary>The id of a new call, behind all before it.</summary>
    public string Next(string name) => $"functions.{name}:{(_next++).ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The ids of a history.</summary>
    public static KimiCallIds Of(IReadOnlyList<ChatMessage> messages)
    {
        var ids = new KimiCallIds();
        foreach (var call in messages.SelectMany(message => message.ToolCalls))
        {
            ids.Called(call);
        }

        return ids;
    }

    /// <summary>The rendered id of the call a result answers: the latest of that id; without an id the oldest call not yet taken so.</summary>
    public string Answered(string? id) =>
        string.IsNullOrEmpty(id) ? _unanswered.TryDequeue(out var oldest) ? oldest : ""
        : _canonical.GetValueOrDefault(id, id);

    private static int? Number(ToolCall call)
    {
        var prefix = $"functions.{call.Name}:";
        return call.Id.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(call.Id.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }
}
