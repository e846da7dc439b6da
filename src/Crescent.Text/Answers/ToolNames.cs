using System.Text;
using Crescent.Text.Templates;

namespace Crescent.Text.Answers;

/// <summary>The names of the tools on offer, and which of them a damaged name means.</summary>
internal sealed class ToolNames
{
    private const string Prefix = "functions.";

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    public ToolNames(PromptRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        foreach (var tool in request.Tools)
        {
            if (JsonSchemaNode.OfFunction(tool).Text("name") is { Length: > 0 } name)
            {
                _names.Add(name);
            }
        }
    }

    public bool Any => _names.Count > 0;

    public bool Contains(string name) => _names.Contains(name);

    /// <summary>The name as written where a tool has it; else without <c>functions.</c> before it.</summary>
    public string Bare(string name) =>
        !_names.Contains(name) && name.Length > Prefix.Length && name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;

    /// <summary>
    /// The name in a call's id: <c>functions.NAME:N</c>, without its prefix or without its number, or an id of another kind that holds one tool's name; null where no
    /// name can be found. A name that no tool has is taken from an id that has prefix or number, or where no tools are on offer.
    /// </summary>
    public string? FromId(string id)
    {
        id = id.Trim();
        var isNumbered = WithoutNumber(id, out var name);
        var isPrefixed = name.StartsWith(Prefix, StringComparison.Ordinal);
        if (_names.Contains(name))
        {
            return name;
        }

        while (name.StartsWith(Prefix, StringComparison.Ordinal) && !_names.Contains(name))
        {
            name = name[Prefix.Length..];
        }

        return _names.Contains(name) ? name
            : Damaged(id) is { } meant ? meant
            : IsName(name) && (isNumbered || isPrefixed || !Any) ? name
            : null;
    }

    // The one tool whose name stands in the id as a word, or runs into the prefix or a number.
    private string? Damaged(string id)
    {
        string[] words = [.. Words(id).SelectMany(Spellings).Where(_names.Contains).Distinct(StringComparer.Ordinal)];
        return words.Length == 1 ? words[0] : null;
    }

    private static IEnumerable<string> Words(string id)
    {
        var word = new StringBuilder();
        foreach (var c in id + ' ')
        {
            if (IsNameCharacter(c))
            {
                word.Append(c);
            }
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }
    }

    // "functionsexec5" may be exec, or exec5.
    private static IEnumerable<string> Spellings(string word)
    {
        foreach (var start in (string[])["", Prefix, "functions", "functions_"])
        {
            if (word.StartsWith(start, StringComparison.Ordinal))
            {
                var rest = word[start.Length..];
                yield return rest;
                yield return rest.TrimEnd("0123456789".ToCharArray()).TrimEnd('_', '-', '.');
            }
        }
    }

    private static bool WithoutNumber(string id, out string name)
    {
        var colon = id.LastIndexOf(':');
        var isNumbered = colon > 0 && colon < id.Length - 1 && id.AsSpan(colon + 1).Trim().IndexOfAnyExceptInRange('0', '9') < 0;
        name = isNumbered ? id[..colon].TrimEnd() : id;
        return isNumbered;
    }

    private static bool IsName(string name) => name.Length > 0 && name.All(IsNameCharacter);

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '$' || (c > 127 && char.IsLetterOrDigit(c));
}
