namespace Crescent.Engine.Runtime.Sampling;

/// <summary>Bans tokens by a mask of bits.</summary>
internal static class LogitMask
{
    private const int WordBits = 64;

    /// <summary>Sets the logits of all tokens to −∞ whose bit is not set; those beyond the mask too.</summary>
    /// <param name="logits">[vocab]</param>
    /// <param name="mask">Token i at bit i % 64 of word i / 64.</param>
    public static void Apply(Span<float> logits, ReadOnlySpan<ulong> mask)
    {
        for (var word = 0; word * WordBits < logits.Length; word++)
        {
            var allowed = word < mask.Length ? mask[word] : 0;
            if (allowed == ulong.MaxValue)
            {
                continue;
            }

            var part = logits[(word * WordBits)..Math.Min(logits.Length, (word + 1) * WordBits)];
            if (allowed == 0)
            {
                part.Fill(float.NegativeInfinity);
                continue;
            }

            for (var i = 0; i < part.Length; i++)
            {
                part[i] = (allowed >> i & 1) != 0 ? part[i] : float.NegativeInfinity;
            }
        }
    }
}
