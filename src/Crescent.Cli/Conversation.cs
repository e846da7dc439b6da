using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>A conversation's messages, and how they are fitted into the context: whole oldest turns go first, never the system message.</summary>
internal sealed class Conversation(ModelSession session, ChatTemplate template)
{
    private readonly ModelSession _session = session;
    private readonly ChatTemplate _template = template;
    private readonly List<ChatMessage> _messages = [];

    /// <summary>System message, or null.</summary>
    public string? SystemMessage { get; set; }

    /// <summary>Tools on offer.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; set; } = [];

    /// <summary>Messages but the system message, oldest first.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>The call whose result comes next: the last answer's first without one; null where none is awaited.</summary>
    public ToolCall? PendingCall
    {
        get
        {
            var last = _messages.FindLastIndex(message => message.Role != "tool");
            var results = _messages.Count - 1 - last;
            return last >= 0 ? _messages[last].ToolCalls.ElementAtOrDefault(results) : null;
        }
    }

    /// <summary>All of it, for the template.</summary>
    public PromptRequest Request => ChatPrompt.Request(_session, SystemMessage is null ? _messages : [new ChatMessage("system", SystemMessage), .. _messages], Tools);

    public void Add(ChatMessage message) => _messages.Add(message);

    public void Clear() => _messages.Clear();

    /// <summary>Removes the last turn: the last user message and what follows it. Returns its text, or null where there is none.</summary>
    public string? Undo()
    {
        var last = _messages.FindLastIndex(message => message.Role == "user");
        if (last < 0)
        {
            return null;
        }

        var text = _messages[last].Content;
        _messages.RemoveRange(last, _messages.Count - last);
        return text;
    }

    /// <summary>Removes the last message, which cannot be answered: a user's, or a call's result, which is pending again.</summary>
    public void RemoveLast() => _messages.RemoveAt(_messages.Count - 1);

    /// <summary>Replaces the messages, e.g. by loaded ones.</summary>
    public void Replace(string? system, IEnumerable<ChatMessage> messages)
    {
        SystemMessage = system;
        _messages.Clear();
        _messages.AddRange(messages);
    }

    /// <summary>
    /// The prompt of the next answer, with at least <paramref name="room"/> tokens left for it. Oldest turns are dropped for good until it fits.
    /// </summary>
    /// <param name="dropped">Turns that were dropped.</param>
    /// <exception cref="CommandFailedException">The last turn alone does not fit.</exception>
    public IReadOnlyList<int> Prompt(int room, out int dropped)
    {
        dropped = 0;
        while (true)
        {
            var ids = Encode();
            if (ids.Count + room <= _session.Context)
            {
                return ids;
            }

            if (!DropOldestTurn())
            {
                throw new CommandFailedException(
                    $"the last message takes {ids.Count} tokens and leaves no room for an answer in a context of {_session.Context}; shorten it or raise the context (-c)");
            }

            dropped++;
        }
    }

    /// <summary>Tokens that a prompt of all messages takes.</summary>
    public int CountTokens() => Encode().Count;

    /// <inheritdoc cref="ChatPrompt.StoredPrefix"/>
    public int StoredPrefix(IReadOnlyList<int> ids) => ChatPrompt.StoredPrefix(_session, _template, Request, ids);

    private IReadOnlyList<int> Encode() => ChatPrompt.Encode(_session, _template, Request);

    // A turn is a user message and everything up to the next one.
    private bool DropOldestTurn()
    {
        var second = _messages.FindIndex(1, message => message.Role == "user");
        if (_messages.Count == 0 || second < 0)
        {
            return false;
        }

        _messages.RemoveRange(0, second);
        return true;
    }
}
