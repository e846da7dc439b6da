using System.Globalization;
using System.Text;

namespace Crescent.Cli.Hub;

/// <summary>
/// The finished ranges of a download, a line each, appended only after their bytes are on the drive. The first line says of what: size, digest and the
/// server's validator. Whatever was cut off or garbled by a crash ends the journal there: those bytes are fetched again.
/// </summary>
internal sealed class RangeJournal : IDisposable
{
    private const string Title = "crescent-part-1";

    private readonly FileStream _file;

    private RangeJournal(FileStream file) => _file = file;

    /// <summary>Opens or begins the journal at <paramref name="path"/>; null where there is none of this content yet.</summary>
    public static RangeJournal? TryResume(string path, HubFile content, out string? validator, out ByteRanges ranges)
    {
        (validator, ranges) = (null, new ByteRanges());
        if (!File.Exists(path))
        {
            return null;
        }

        var text = File.ReadAllText(path, Encoding.ASCII);
        var lines = text.Split('\n')[..^1]; // a last line without its end was cut off
        if (lines.Length == 0 || lines[0].Split(' ') is not [Title, var size, var digest, var tag, "."]
            || size != Text(content.Size) || digest != $"[{content.Digest}]")
        {
            return null;
        }

        validator = tag.Length > 2 ? Uri.UnescapeDataString(tag[1..^1]) : null;
        var whole = lines[0].Length + 1;
        foreach (var line in lines.Skip(1))
        {
            if (ParseRange(line, content.Size) is not { } range)
            {
                break;
            }

            ranges.Add(range);
            whole += line.Length + 1;
        }

        var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read);
        file.SetLength(whole);
        file.Seek(0, SeekOrigin.End);
        return new RangeJournal(file);
    }

    public static RangeJournal Begin(string path, HubFile content, string? validator)
    {
        var journal = new RangeJournal(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read));
        journal.Append($"{Title} {Text(content.Size)} [{content.Digest}] [{Uri.EscapeDataString(validator ?? "")}] .\n");
        return journal;
    }

    public void Add(ByteRange range) => Append($"{Text(range.Start)} {Text(range.End)} .\n");

    public void Dispose() => _file.Dispose();

    private void Append(string line)
    {
        _file.Write(Encoding.ASCII.GetBytes(line));
        _file.Flush();
    }

    private static ByteRange? ParseRange(string line, long size) =>
        line.Split(' ') is [var first, var last, "."]
        && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var start)
        && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var end)
        && start < end && end <= size
            ? new ByteRange(start, end)
            : null;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
