namespace Crescent.Text.Tokenizers;

/// <summary>Which neighbouring symbols merge, and which of them first.</summary>
internal abstract class MergeRanks
{
    /// <summary>The rank of a pair that does not merge.</summary>
    public const int None = int.MaxValue;

    /// <summary>The rank of a pair (lower merges first), and the id of what it becomes.</summary>
    /// <param name="joined">The bytes of both symbols.</param>
    public abstract int Find(ReadOnlySpan<byte> joined, int left, int right, out int merged);
}
