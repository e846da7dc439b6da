using System.Text;

namespace Crescent.Cli.Benchmarks;

/// <summary>Lines of comma-separated values (RFC 4180): a field with a comma, a quote or a line's end stands in quotes.</summary>
internal static class Csv
{
    public static string Line(IEnumerable<string> fields) => string.Join(',', fields.Select(Quote));

    /// <summary>The fields of one line.</summary>
    /// <exception cref="FormatException">A quote is not closed, or something follows it.</exception>
    public static List<string> Fields(string line)
    {
        var fields = new List<string>();
        var at = 0;
        while (true)
        {
            fields.Add(at < line.Length && line[at] == '"' ? Quoted(line, ref at) : Plain(line, ref at));
            if (at == line.Length)
            {
                return fields;
            }

            at++; // the comma
        }
    }

    private static string Quote(string field) =>
        field.AsSpan().ContainsAny(",\"\n\r") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private static string Plain(string line, ref int at)
    {
        var comma = line.IndexOf(',', at);
        var end = comma < 0 ? line.Length : comma;
        var field = line[at..end];
        at = end;
        return field;
    }

    private static string Quoted(string line, ref int at)
    {
        var field = new StringBuilder();
        for (at++; at < line.Length; at++)
        {
            if (line[at] != '"')
            {
                field.Append(line[at]);
            }
            else if (at + 1 < line.Length && line[at + 1] == '"')
            {
                field.Append(line[at++]);
            }
            else
            {
                at++;
                return at == line.Length || line[at] == ',' ? field.ToString() : throw new FormatException($"expected a comma after a quoted field, found '{line[at]}'");
            }
        }

        throw new FormatException("expected a closing quote, found the line's end");
    }
}
