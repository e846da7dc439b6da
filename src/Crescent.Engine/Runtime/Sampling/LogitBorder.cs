using System.Runtime.InteropServices;

namespace Crescent.Engine.Runtime.Sampling;

/// <summary>The worst token that a cut keeps: all better ones are kept with it. "Better" means a larger logit, the lower id on ties.</summary>
/// <param name="Logit">Least logit that is kept.</param>
/// <param name="LastId">Of the tokens with just that logit, the last that is kept.</param>
internal readonly record struct LogitBorder(float Logit, int LastId = int.MaxValue)
{
    /// <summary>Keeps all tokens but banned ones.</summary>
    public static LogitBorder None => new(float.MinValue);

    public bool Keeps(float logit, int id) => logit > Logit || (logit == Logit && id <= LastId);

    /// <summary>The least logit that is kept of a block's 64; false where that differs within the block, or it is shorter.</summary>
    public bool TryLeast(int block, int vocab, out float least)
    {
        var (first, end) = (block * LogitVectors.BlockLength, (block + 1) * LogitVectors.BlockLength);
        least = first > LastId ? MathF.BitIncrement(Logit) : Logit;
        return end <= vocab && (first > LastId || end - 1 <= LastId);
    }

    /// <summary>A block's kept logits in their places, −∞ in all others.</summary>
    /// <param name="kept">[64]</param>
    public ref float Keep(ReadOnlySpan<float> logits, int block, Span<float> kept)
    {
        kept.Fill(float.NegativeInfinity);
        var values = LogitVectors.Block(logits, block);
        for (var i = 0; i < values.Length; i++)
        {
            if (Keeps(values[i], (block * LogitVectors.BlockLength) + i))
            {
                kept[i] = values[i];
            }
        }

        return ref MemoryMarshal.GetReference(kept);
    }
}
