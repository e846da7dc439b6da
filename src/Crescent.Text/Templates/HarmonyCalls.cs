namespace Crescent.Text.Templates;

/// <summary>Which function a tool's result comes from: harmony names the function, clients name the call.</summary>
internal sealed class HarmonyCalls
{
    private const string Prefix = "functions.";

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly Queue<string> _unanswered = new();

    /// <summary>The function's name, in order of appearance.</summary>
    public string Called(ToolCall call)
    {
        var name = Bare(call.Name);
        _names[call.Id] = name;
        _unanswered.Enqueue(name);
        return name;
    }

    /// <summary>By the call's id, else the result's own name, else the oldest call not yet taken so.</summary>
    public string Answered(ChatMessage result) =>
        result.ToolCallId is { Length: > 0 } id && _names.TryGetValue(id, out var called) ? called
        : result.Name is { Length: > 0 } own ? Bare(own)
        : _unanswered.TryDequeue(out var oldest) ? oldest
        : Bare(result.ToolCallId ?? "");

    private static string Bare(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
}
