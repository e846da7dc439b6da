using Crescent.Text.Tokenizers;

namespace Crescent.Training.Releases;

/// <summary>Ids of the control tokens that a model's configuration names.</summary>
public sealed record ControlTokens(int Bos, int Eos, int EndOfTurn, int Pad)
{
    /// <exception cref="NotSupportedException">The tokenizer lacks one of Kimi's control tokens.</exception>
    public static ControlTokens Of(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return new ControlTokens(Find("[BOS]"), Find("[EOS]"), Find("<|im_end|>"), Find("[PAD]"));

        int Find(string name) => tokenizer.FindControl(name) ?? throw new NotSupportedException($"expected a tokenizer with Kimi's control token {name}, found none");
    }
}
