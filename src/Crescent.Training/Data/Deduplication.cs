using System.IO.Hashing;
using System.Text;

namespace Crescent.Training.Data;

/// <summary>Drops examples that were seen before, in any source; those that are held out are never among the trained ones, whatever their key.</summary>
public sealed class Deduplication
{
    private readonly HashSet<UInt128> _seen = [];

    /// <summary>The examples whose words were not seen before.</summary>
    public IEnumerable<Example> Filter(IEnumerable<Example> examples) =>
        examples.Where(example => _seen.Add(XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(example.Fingerprint()))));
}
