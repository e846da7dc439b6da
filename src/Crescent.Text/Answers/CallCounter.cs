using System.Globalization;
using Crescent.Text.Templates;

namespace Crescent.Text.Answers;

/// <summary>Numbers an answer's calls <c>call_N</c>, N counting over the whole conversation.</summary>
internal sealed class CallCounter
{
    private const string Prefix = "call_";

    private int _next;

    public CallCounter(PromptRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        foreach (var call in request.Messages.SelectMany(message => message.ToolCalls))
        {
            _next = Math.Max(_next + 1, Number(call.Id) + 1);
        }
    }

    public string NextId() => Prefix + (_next++).ToString(CultureInfo.InvariantCulture);

    private static int Number(string id) =>
        id.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(id.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < int.MaxValue / 2
            ? number
            : -1;
}
