namespace Crescent.Engine.KvCache;

/// <summary>What a full page holds: its tokens, after the content of the page before it. Compared in full, so no hash collision can mix prefixes.</summary>
/// <param name="parent">Content id of the page before, 0 for a sequence's first.</param>
internal sealed class PrefixKey(long parent, int[] tokens) : IEquatable<PrefixKey>
{
    private readonly int _hash = Hash(parent, tokens);

    public long Parent { get; } = parent;

    public int[] Tokens { get; } = tokens;

    public bool Equals(PrefixKey? other) => other is not null && Parent == other.Parent && Tokens.AsSpan().SequenceEqual(other.Tokens);

    public override bool Equals(object? obj) => Equals(obj as PrefixKey);

    public override int GetHashCode() => _hash;

    private static int Hash(long parent, int[] tokens)
    {
        var hash = default(HashCode);
        hash.Add(parent);
        foreach (var token in tokens)
        {
            hash.Add(token);
        }

        return hash.ToHashCode();
    }
}
