using System.Globalization;
using System.Text;

namespace Crescent.Tests.Hub;

/// <summary>A request as the server saw it.</summary>
internal sealed record TestRequest(string Host, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public bool IsListing => Path.StartsWith("/api/", StringComparison.Ordinal);

    /// <summary>The file's name, of a request to the hub or to where it redirects.</summary>
    public string File => Uri.UnescapeDataString(Path[(Path.LastIndexOf('/') + 1)..]);

    public string? Range => Headers.GetValueOrDefault("Range");

    /// <summary>The first byte asked for and the one after the last; null for the whole file.</summary>
    public (long Start, long End)? Bytes =>
        Range?["bytes=".Length..].Split('-') is [var first, var last]
            ? (long.Parse(first, CultureInfo.InvariantCulture), long.Parse(last, CultureInfo.InvariantCulture) + 1)
            : null;
}

/// <summary>What the server answers, byte for byte: headers that lie, bodies that break off or stall.</summary>
internal sealed record TestAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Bytes of the body after which the connection is closed.</summary>
    public int? CutAt { get; init; }

    /// <summary>Bytes of the body after which nothing more comes.</summary>
    public int? StallAt { get; init; }

    /// <summary>No length is said: the body ends with the connection.</summary>
    public bool WithoutLength { get; init; }

    public static TestAnswer Text(int status, string text = "") => new(status, Encoding.UTF8.GetBytes(text));

    public static TestAnswer Redirect(string location) => new(302, default) { Headers = { ["Location"] = location } };

    public TestAnswer With(string header, string value) => this with { Headers = new Dictionary<string, string>(Headers) { [header] = value } };

    public byte[] Head()
    {
        var head = new StringBuilder($"HTTP/1.1 {Status} Test\r\nConnection: close\r\n");
        if (!WithoutLength && !Headers.ContainsKey("Content-Length"))
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {Body.Length}\r\n");
        }

        foreach (var (name, value) in Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return Encoding.ASCII.GetBytes(head.Append("\r\n").ToString());
    }
}
