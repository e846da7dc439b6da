using System.Globalization;
using System.Text;

namespace Crescent.Engine.Checkpoints;

/// <summary>Text of a file on its way to a terminal.</summary>
internal static class FileText
{
    /// <summary>The text's beginning on one line: control characters (escape sequences) are shown, not sent.</summary>
    public static string Escape(string text, int shownCharacters = 160) => Show(text, shownCharacters, quotes: true);

    /// <summary>The beginning of a message that quotes a file: on one line, its own quotation marks as they are.</summary>
    public static string Line(string message) => Show(message, shownCharacters: 500, quotes: false);

    private static string Show(string text, int shownCharacters, bool quotes)
    {
        var shown = new StringBuilder();
        foreach (var c in text.Length > shownCharacters ? text.AsSpan(0, shownCharacters) : text)
        {
            _ = c switch
            {
                '\n' => shown.Append("\\n"),
                '"' when quotes => shown.Append("\\\""),
                _ when char.IsControl(c) => shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => shown.Append(c),
            };
        }

        return text.Length > shownCharacters ? shown.Append('…').ToString() : shown.ToString();
    }
}
