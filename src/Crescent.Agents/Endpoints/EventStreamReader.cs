using System.Runtime.CompilerServices;
using System.Text;

namespace Crescent.Agents.Endpoints;

/// <summary>Reads the data of server-sent events; comments, other fields and blank lines between them say nothing.</summary>
internal static class EventStreamReader
{
    public static async IAsyncEnumerable<string> Read(Stream stream, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var data = new StringBuilder();
        while (await reader.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                data.Append(data.Length > 0 ? "\n" : "").Append(line.AsSpan(line.StartsWith("data: ", StringComparison.Ordinal) ? 6 : 5));
            }
            else if (line.Length == 0 && data.Length > 0)
            {
                yield return data.ToString();
                data.Clear();
            }
        }

        if (data.Length > 0)
        {
            yield return data.ToString();
        }
    }
}
