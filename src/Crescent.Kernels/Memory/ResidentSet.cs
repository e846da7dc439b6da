using Microsoft.Win32.SafeHandles;

namespace Crescent.Kernels.Memory;

/// <summary>Physical memory of the process, asked for before each step: on Linux without the allocations of <see cref="Environment.WorkingSet"/>.</summary>
public static class ResidentSet
{
    private const int MostText = 256;

    private static readonly SafeFileHandle? s_counts = Open();

    /// <summary>Bytes.</summary>
    public static long Bytes => ReadPages() is { } pages ? pages * Environment.SystemPageSize : Environment.WorkingSet;

    // The second number of /proc/self/statm: "size resident shared ...", in pages.
    private static long? ReadPages()
    {
        if (s_counts is null)
        {
            return null;
        }

        Span<byte> text = stackalloc byte[MostText];
        text = text[..RandomAccess.Read(s_counts, text, 0)];
        var start = text.IndexOf((byte)' ') + 1;
        var pages = 0L;
        for (var i = start; i < text.Length && char.IsAsciiDigit((char)text[i]); i++)
        {
            pages = (pages * 10) + text[i] - '0';
        }

        return start > 0 && pages > 0 ? pages : null;
    }

    private static SafeFileHandle? Open()
    {
        try
        {
            return OperatingSystem.IsLinux() ? File.OpenHandle("/proc/self/statm") : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // a container may hide it
        }
    }
}
