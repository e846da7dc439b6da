using System.Globalization;
using System.Text;

namespace Crescent.Engine.Conversion;

/// <summary>
/// What of an interrupted conversion is safely on the drive. A text file beside the output: a line that says what is converted into what, then a line
/// for every piece that is finished. A line counts once it ends.
/// </summary>
internal sealed class ConversionJournal : IDisposable
{
    private const string Title = "crescent-conversion 1";
    private const long MostBytes = 64 << 20;

    private readonly FileStream _stream;

    private ConversionJournal(FileStream stream) => _stream = stream;

    /// <summary>The pieces finished of each file, or why there are none to go on from; null for both where nothing was begun.</summary>
    public static (int[]? Finished, string? Reason) Read(string path, ConversionIdentity identity, IReadOnlyList<OutputFile> files)
    {
        if (!File.Exists(path))
        {
            return (null, null);
        }

        var lines = new FileInfo(path).Length <= MostBytes ? File.ReadAllText(path).Split('\n') : [""];
        if (lines[0].Split(' ') is not [_, _, var plan, var source] || !lines[0].StartsWith(Title + " ", StringComparison.Ordinal))
        {
            return (null, "its journal is damaged");
        }

        if (plan != identity.Plan || source != identity.Source)
        {
            return (null, source != identity.Source ? "the source has changed since" : "something else was asked for");
        }

        var finished = new int[files.Count];

        // After the last line end there is nothing, or a line that was cut short.
        foreach (var line in lines[1..^1])
        {
            if (line.Split(' ') is not [var file, var pieces]
                || !int.TryParse(file, NumberStyles.None, CultureInfo.InvariantCulture, out var f) || f >= files.Count
                || !int.TryParse(pieces, NumberStyles.None, CultureInfo.InvariantCulture, out var p) || p > files[f].Pieces.Count)
            {
                return (null, "its journal is damaged");
            }

            finished[f] = p;
        }

        return (finished, null);
    }

    /// <summary>Begins a journal, or goes on with one.</summary>
    public static ConversionJournal Open(string path, ConversionIdentity identity, int[]? finished)
    {
        var journal = new ConversionJournal(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read));
        journal.Append($"{Title} {identity.Plan} {identity.Source}");
        for (var i = 0; i < finished?.Length; i++)
        {
            if (finished[i] > 0)
            {
                journal.Finish(i, finished[i]);
            }
        }

        return journal;
    }

    /// <summary>Says that the first pieces of a file are on the drive.</summary>
    public void Finish(int file, int pieces) => Append(string.Create(CultureInfo.InvariantCulture, $"{file} {pieces}"));

    public void Dispose() => _stream.Dispose();

    private void Append(string line)
    {
        _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _stream.Flush(flushToDisk: true);
    }
}
