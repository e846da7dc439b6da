using System.Text;

namespace Crescent.Cli.Hub;

/// <summary>
/// File names as a server sends them are hostile: only relative plain paths are taken, of segments that mean the same on every system and that none of
/// the store's own files use (<c>.part</c>, <c>.journal</c>, names that begin with a dot).
/// </summary>
internal static class SafePath
{
    private const int LongestSegment = 200; // bytes; file systems take 255, and the store's own endings are added
    private const int LongestPath = 1024;
    private const int MostSegments = 16;
    private const string Forbidden = "\\:*?\"<>|\x7F";

    private static readonly string[] s_reservedEndings = [".part", ".journal"];
    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>What is wrong with a path; null for nothing.</summary>
    public static string? Objection(string path)
    {
        if (path.Length is 0 or > LongestPath)
        {
            return $"expected 1..{LongestPath} characters, found {path.Length}";
        }

        var segments = path.Split('/');
        return segments.Length > MostSegments
            ? $"expected at most {MostSegments} folders deep, found {segments.Length}"
            : segments.Select(SegmentObjection).FirstOrDefault(objection => objection is not null);
    }

    /// <summary>The file inside <paramref name="folder"/>.</summary>
    /// <exception cref="CommandFailedException">The path does not stay inside, or is not plain.</exception>
    public static string Combine(string folder, string path)
    {
        if (Objection(path) is { } objection)
        {
            throw new CommandFailedException($"refused file name '{Printable(path)}': {objection}");
        }

        var root = Path.GetFullPath(folder);
        var full = Path.GetFullPath(Path.Combine(root, path.Replace('/', Path.DirectorySeparatorChar)));
        return full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new CommandFailedException($"refused file name '{Printable(path)}': it is outside the model's folder");
    }

    /// <summary>Text from outside, fit for a line on a terminal.</summary>
    public static string Printable(string text)
    {
        var cut = text.Length > 200 ? text[..200] + "…" : text;
        return string.Concat(cut.Select(character => char.IsControl(character) ? '?' : character));
    }

    private static string? SegmentObjection(string segment) => segment switch
    {
        "" => "it is absolute or has an empty folder name",
        "." or ".." => "it leaves its folder",
        ['.', ..] => "names that begin with a dot are not taken",
        [.., '.' or ' '] => "it ends with a dot or a space",
        _ when segment.Any(character => char.IsControl(character) || Forbidden.Contains(character)) => "it holds characters that are not plain",
        _ when s_reservedEndings.Any(ending => segment.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) => "its ending is the store's own",
        _ when IsDevice(segment) => "it is a device's name on some systems",
        _ => LengthObjection(segment),
    };

    private static string? LengthObjection(string segment)
    {
        try
        {
            return s_utf8.GetByteCount(segment) is > LongestSegment and var bytes ? $"expected names of at most {LongestSegment} bytes, found {bytes}" : null;
        }
        catch (EncoderFallbackException)
        {
            return "it is not valid Unicode";
        }
    }

    // CON, NUL.txt, COM1 …: Windows opens a device whatever the ending.
    private static bool IsDevice(string segment)
    {
        var stem = segment.Split('.')[0].TrimEnd().ToUpperInvariant();
        return stem is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$"
            || (stem.Length == 4 && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal))
                && stem[3] is (>= '0' and <= '9') or '¹' or '²' or '³');
    }
}
