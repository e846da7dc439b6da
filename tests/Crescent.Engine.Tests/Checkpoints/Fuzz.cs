using System.Globalization;
using Crescent.Engine.Checkpoints;
using Xunit;

namespace Crescent.Tests.Checkpoints;

/// <summary>A campaign of damaged files: each opens or is a checkpoint error of one line, with bounded memory. <c>CRESCENT_FUZZ=1000</c> tries a thousand.</summary>
internal static class Fuzz
{
    public static int Seeds(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("CRESCENT_FUZZ"), CultureInfo.InvariantCulture, out var asked) ? asked : usual;

    /// <param name="damage">The damaged file of a seed.</param>
    /// <param name="open">Opens the file and touches all that it offers.</param>
    /// <returns>How many opened.</returns>
    public static int Run(string name, int seeds, long mostBytes, Func<int, byte[]> damage, Action<string> open)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File(name);
        var (opened, failures) = (0, new List<string>());
        for (var seed = 0; seed < seeds; seed++)
        {
            File.Delete(path); // some file systems write a file that was cut short out at once, a new one later
            File.WriteAllBytes(path, damage(seed));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                open(path);
                opened++;
            }
            catch (CheckpointException exception)
            {
                if (!exception.Message.StartsWith(path, StringComparison.Ordinal) || exception.Message.Any(char.IsControl) || exception.Message.Length > 2000)
                {
                    failures.Add($"seed {seed}: expected a message of one line that names the file, found '{exception.Message}'");
                }
            }
            catch (Exception exception)
            {
                failures.Add($"seed {seed}: {exception}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > mostBytes)
            {
                failures.Add($"seed {seed}: expected at most {mostBytes} bytes allocated, found {allocated}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {seeds}:\n{string.Join('\n', failures.Take(5))}");
        return opened;
    }
}
