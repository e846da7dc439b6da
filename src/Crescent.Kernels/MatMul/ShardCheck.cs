using System.Diagnostics.CodeAnalysis;

namespace Crescent.Kernels.MatMul;

/// <summary>The door of <see cref="WeightMatrix.ConcatRows"/> and <see cref="WeightMatrix.ConcatColumns"/>: parts of one type that fit together.</summary>
internal static class ShardCheck
{
    /// <param name="kept">The length that all parts share: rows or columns.</param>
    /// <param name="joined">The length that adds up.</param>
    public static void Check(WeightMatrix[] parts, string name, Func<WeightMatrix, int> kept, Func<WeightMatrix, int> joined)
    {
        if (parts.Length == 0)
        {
            Throw("found no parts", nameof(parts));
        }

        for (var i = 1; i < parts.Length; i++)
        {
            if (parts[i].DType != parts[0].DType)
            {
                Throw($"part 0 is {parts[0].DType}, part {i} {parts[i].DType}", nameof(parts));
            }

            if (kept(parts[i]) != kept(parts[0]))
            {
                Throw($"part 0 has {kept(parts[0])} {name}, part {i} {kept(parts[i])}", nameof(parts));
            }

            if (parts[i].Isa != parts[0].Isa)
            {
                Throw($"part 0 runs at {parts[0].Isa}, part {i} at {parts[i].Isa}", nameof(parts));
            }
        }

        if (parts.Sum(part => (long)joined(part)) is var total && total > int.MaxValue)
        {
            Throw($"together they are {total} long; at most {int.MaxValue}", nameof(parts));
        }
    }

    [DoesNotReturn]
    private static void Throw(string reason, string name) => throw new ArgumentException($"the parts do not make one matrix: {reason}", name);
}
