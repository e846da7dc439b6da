namespace Crescent.Text.Tokenizers;

/// <summary>What a pre-tokenizer's name implies besides its patterns.</summary>
internal sealed record PreTokenizer(PreSplitter Splitter)
{
    public bool WholePieceFirst { get; init; }

    public bool Normalize { get; init; }

    public bool IdsAreRanks { get; init; }

    /// <summary>Whether a prompt begins with BOS where the file does not say.</summary>
    public bool AddBos { get; init; }
}
