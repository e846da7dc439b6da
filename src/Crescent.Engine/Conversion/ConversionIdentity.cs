using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Conversion;

/// <summary>Hashes that tell whether an interrupted conversion may go on.</summary>
/// <param name="Plan">Of the headers and of how every tensor is made.</param>
/// <param name="Source">Of the source files' names, sizes and times.</param>
internal sealed record ConversionIdentity(string Plan, string Source)
{
    // Another number where the same plan gives other bytes than before.
    private const int Version = 1;

    /// <param name="how">How each tensor's bytes come about.</param>
    public static ConversionIdentity Of(Checkpoint checkpoint, IReadOnlyList<OutputFile> files, IEnumerable<string> how)
    {
        var plan = new XxHash128();
        plan.Append(BitConverter.GetBytes(Version));
        foreach (var file in files)
        {
            Append(plan, $"{Path.GetFileName(file.Path)} {file.Length}");
            plan.Append(file.Header);
        }

        foreach (var line in how)
        {
            Append(plan, $"{line}");
        }

        var source = new XxHash128();
        foreach (var file in checkpoint.Files.Select(name => new FileInfo(name)))
        {
            Append(source, $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}");
        }

        return new ConversionIdentity(Convert.ToHexStringLower(plan.GetCurrentHash()), Convert.ToHexStringLower(source.GetCurrentHash()));
    }

    private static void Append(XxHash128 hash, FormattableString line) => hash.Append(Encoding.UTF8.GetBytes(line.ToString(CultureInfo.InvariantCulture) + "\n"));
}
