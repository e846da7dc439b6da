using System.IO.Hashing;
using System.Text;
using Crescent.Training.Data;
using Crescent.Training.Runs;

namespace Crescent.Training.Judging;

/// <summary>What a run never trains on, by kind, in an order that a seed gives.</summary>
public static class HeldOut
{
    /// <summary>The held-out examples of a run's sources without duplicates, as the run has them; those of a kind in the order of the seed.</summary>
    /// <exception cref="ArgumentException">A source is unknown.</exception>
    public static IReadOnlyList<(string Kind, IReadOnlyList<Example> Examples)> Read(RunOptions options, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(options);
        var deduplication = new Deduplication();
        return
        [
            .. options.Sources.SelectMany(source => deduplication.Filter(DataSet.Examples(source, options.FindCorpora(), options.Seed).Where(example => example.IsHeldOut)))
                .GroupBy(example => KindOf(example.Key))
                .Select(kind => (kind.Key, (IReadOnlyList<Example>)[.. kind.OrderBy(example => Rank(example.Key, seed))])),
        ];
    }

    /// <summary>The kind of an example: its key up to the first colon, without the ending of a file.</summary>
    public static string KindOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Path.GetFileNameWithoutExtension(key.Split(':')[0]);
    }

    /// <summary>Place in the order of a seed: it depends on the name alone, so that other examples do not move it.</summary>
    public static ulong Rank(string name, ulong seed) => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(name), unchecked((long)seed));
}
