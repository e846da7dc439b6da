using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Crescent.Agents.Endpoints;

/// <summary>
/// Folds a chat completion, whole or in chunks, into updates: text and reasoning at once, calls and usage at the end. Bears ids that change, calls without index or with
/// fields that are null or repeated.
/// </summary>
internal sealed class CompletionFold
{
    private sealed class Call
    {
        public string Id { get; set; } = "";

        public string Name { get; set; } = "";

        public StringBuilder Arguments { get; } = new();
    }

    private readonly List<Call> _calls = [];
    private readonly Dictionary<int, Call> _byIndex = [];
    private string? _id;
    private string? _model;
    private DateTimeOffset? _created;
    private UsageDetails? _usage;

    /// <summary>Why the answer ended; null while it goes on.</summary>
    public ChatFinishReason? FinishReason { get; private set; }

    /// <summary>Takes a chunk in; returns what it adds.</summary>
    /// <exception cref="EndpointException">It is an error, or no JSON object.</exception>
    public IEnumerable<ChatResponseUpdate> Add(string json)
    {
        using var document = Parse(json);
        var chunk = document.RootElement;
        if (Object(chunk, "error") is { } error)
        {
            throw new EndpointException(String(error, "message") ?? error.GetRawText());
        }

        _id ??= String(chunk, "id");
        _model ??= String(chunk, "model");
        _created ??= Number(chunk, "created") is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
        _usage = Object(chunk, "usage") is { } usage ? Usage(usage) : _usage;
        var contents = new List<AIContent>();
        foreach (var choice in Array(chunk, "choices").Where(choice => Number(choice, "index") is null or 0))
        {
            _usage ??= Object(choice, "usage") is { } own ? Usage(own) : null;
            FinishReason = String(choice, "finish_reason") is { Length: > 0 } reason ? new ChatFinishReason(reason) : FinishReason;
            if ((Object(choice, "delta") ?? Object(choice, "message")) is { } delta)
            {
                Delta(delta, contents);
            }
        }

        return contents.Count > 0 ? [Update(contents)] : [];
    }

    /// <summary>What is given out once the answer is complete: its calls, its usage and why it ended.</summary>
    public ChatResponseUpdate Finish()
    {
        var contents = new List<AIContent>(_calls.Select(Content));
        if (_usage is not null)
        {
            contents.Add(new UsageContent(_usage));
        }

        var update = Update(contents);
        update.FinishReason = _calls.Count > 0 && (FinishReason is null || FinishReason == ChatFinishReason.Stop) ? ChatFinishReason.ToolCalls : FinishReason;
        return update;
    }

    private void Delta(JsonElement delta, List<AIContent> contents)
    {
        if ((String(delta, "reasoning_content") ?? String(delta, "reasoning")) is { Length: > 0 } reasoning)
        {
            contents.Add(new TextReasoningContent(reasoning));
        }

        if (String(delta, "content") is { Length: > 0 } text)
        {
            contents.Add(new TextContent(text));
        }

        if (String(delta, "refusal") is { Length: > 0 } refusal)
        {
            contents.Add(new ErrorContent(refusal) { ErrorCode = "refusal" });
        }

        foreach (var piece in Array(delta, "tool_calls"))
        {
            AddCall(piece);
        }
    }

    private void AddCall(JsonElement piece)
    {
        var function = Object(piece, "function");
        var name = function is { } named ? String(named, "name") : null;
        var call = Find(Number(piece, "index"), String(piece, "id"), name);
        call.Id = call.Id.Length > 0 ? call.Id : String(piece, "id") ?? "";
        call.Name = call.Name.Length > 0 ? call.Name : name ?? "";
        if (function is { } body && body.TryGetProperty("arguments", out var arguments) && arguments.ValueKind != JsonValueKind.Null)
        {
            call.Arguments.Append(arguments.ValueKind == JsonValueKind.String ? arguments.GetString() : arguments.GetRawText());
        }
    }

    // The call of that index; without one, or where an index comes again with another id and name, a new id begins a new call.
    private Call Find(long? index, string? id, string? name)
    {
        var known = index is { } at ? _byIndex.GetValueOrDefault((int)at) : _calls.LastOrDefault();
        var isOther = known is not null && !string.IsNullOrEmpty(id) && known.Id.Length > 0 && known.Id != id && !string.IsNullOrEmpty(name);
        if (known is null || isOther)
        {
            known = new Call();
            _calls.Add(known);
        }

        if (index is { } place)
        {
            _byIndex[(int)place] = known;
        }

        return known;
    }

    // The arguments' own text is kept, to be sent back as it was.
    private static FunctionCallContent Content(Call call, int index)
    {
        var raw = call.Arguments.ToString();
        var id = call.Id.Length > 0 ? call.Id : $"functions.{call.Name}:{index}";
        var content = FunctionCallContent.CreateFromParsedArguments(raw, id, call.Name, Arguments);
        content.RawRepresentation = raw;
        return content;
    }

    private static Dictionary<string, object?> Arguments(string json)
    {
        using var document = JsonDocument.Parse(string.IsNullOrWhiteSpace(json) ? "{}" : json);
        return document.RootElement.EnumerateObject().ToDictionary(member => member.Name, object? (member) => member.Value.Clone());
    }

    private ChatResponseUpdate Update(IList<AIContent> contents) =>
        new(ChatRole.Assistant, contents) { ResponseId = _id, MessageId = _id, ModelId = _model, CreatedAt = _created };

    private static UsageDetails Usage(JsonElement usage) => new()
    {
        InputTokenCount = Number(usage, "prompt_tokens"),
        OutputTokenCount = Number(usage, "completion_tokens"),
        TotalTokenCount = Number(usage, "total_tokens"),
        CachedInputTokenCount = (Object(usage, "prompt_tokens_details") is { } prompt ? Number(prompt, "cached_tokens") : null) ?? Number(usage, "cached_tokens"),
        ReasoningTokenCount = Object(usage, "completion_tokens_details") is { } completion ? Number(completion, "reasoning_tokens") : null,
    };

    private static JsonDocument Parse(string json)
    {
        try
        {
            var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new JsonException("it is no object");
        }
        catch (JsonException exception)
        {
            throw new EndpointException($"expected a JSON object from the endpoint, found '{(json.Length > 200 ? json[..200] + "…" : json)}'", exception);
        }
    }

    private static JsonElement? Member(JsonElement json, string name, JsonValueKind kind) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;

    private static JsonElement? Object(JsonElement json, string name) => Member(json, name, JsonValueKind.Object);

    private static string? String(JsonElement json, string name) => Member(json, name, JsonValueKind.String)?.GetString();

    private static long? Number(JsonElement json, string name) => Member(json, name, JsonValueKind.Number) is { } value && value.TryGetDouble(out var number) ? (long)number : null;

    private static JsonElement[] Array(JsonElement json, string name) => Member(json, name, JsonValueKind.Array) is { } list ? [.. list.EnumerateArray()] : [];
}
