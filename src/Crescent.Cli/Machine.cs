using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Crescent.Cli;

/// <summary>What this machine and this program call themselves.</summary>
internal static class Machine
{
    private const string ProcessorFile = "/proc/cpuinfo";

    /// <summary>Our version, with the commit it was built from where the build knew it.</summary>
    public static string Version { get; } =
        typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The processor's name, or its architecture where the system does not tell.</summary>
    public static string ProcessorName() =>
        (ProcessorText() is { } text ? ProcessorField(text, "model name") : null)
        ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
        ?? RuntimeInformation.ProcessArchitecture.ToString();

    /// <summary>A folder's name for results of this machine, such as <c>amd-epyc-zen5-2c</c>: name, generation where the name does not tell it, processors.</summary>
    public static string FolderName() => FolderName(ProcessorName(), ProcessorText() ?? "", Environment.ProcessorCount);

    /// <param name="processorText">The system's description of its processors, as Linux has it in /proc/cpuinfo.</param>
    internal static string FolderName(string name, string processorText, int processors)
    {
        var words = name.Replace("(R)", "", StringComparison.OrdinalIgnoreCase).Replace("(TM)", "", StringComparison.OrdinalIgnoreCase)
            .ToLowerInvariant().Split([' ', '-', '_', '/', ',', '@'], StringSplitOptions.RemoveEmptyEntries)
            .Select(word => string.Concat(word.Where(char.IsAsciiLetterOrDigit)))
            .Where(word => word is not ("" or "processor" or "cpu"));
        return string.Join('-', [.. words, .. Generation(processorText), string.Create(CultureInfo.InvariantCulture, $"{processors}c")]);
    }

    // Virtual machines often say no more than "AMD EPYC". Families and models: AMD's processor programming references.
    private static string[] Generation(string processorText)
    {
        if (ProcessorField(processorText, "vendor_id") != "AuthenticAMD"
            || !int.TryParse(ProcessorField(processorText, "cpu family"), NumberStyles.None, CultureInfo.InvariantCulture, out var family)
            || !int.TryParse(ProcessorField(processorText, "model"), NumberStyles.None, CultureInfo.InvariantCulture, out var model))
        {
            return [];
        }

        return (family, model) switch
        {
            (0x17, < 0x30) => ["zen"],
            (0x17, _) => ["zen2"],
            (0x19, (>= 0x10 and <= 0x1f) or (>= 0x60 and <= 0x7f) or (>= 0xa0 and <= 0xaf)) => ["zen4"],
            (0x19, _) => ["zen3"],
            (0x1a, _) => ["zen5"],
            _ => [],
        };
    }

    private static string? ProcessorText() => OperatingSystem.IsLinux() && File.Exists(ProcessorFile) ? File.ReadAllText(ProcessorFile) : null;

    private static string? ProcessorField(string text, string field)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var colon = line.IndexOf(':');
            if (colon > 0 && line[..colon].Trim().SequenceEqual(field))
            {
                return line[(colon + 1)..].Trim().ToString();
            }
        }

        return null;
    }
}
