using System.Runtime.InteropServices;

namespace Crescent.Cli;

/// <summary>What this machine calls itself.</summary>
internal static class Machine
{
    /// <summary>The processor's name, or its architecture where the system does not tell.</summary>
    public static string ProcessorName()
    {
        if (OperatingSystem.IsLinux() && File.Exists("/proc/cpuinfo"))
        {
            foreach (var line in File.ReadLines("/proc/cpuinfo"))
            {
                if (line.StartsWith("model name", StringComparison.Ordinal))
                {
                    return line[(line.IndexOf(':') + 1)..].Trim();
                }
            }
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
