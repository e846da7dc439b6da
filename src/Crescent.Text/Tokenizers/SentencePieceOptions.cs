namespace Crescent.Text.Tokenizers;

/// <summary>How SentencePiece prepares text: the normaliser's switches.</summary>
internal sealed record SentencePieceOptions
{
    /// <summary>A space before the text, dropped again in decoding.</summary>
    public bool DummyPrefix { get; init; } = true;

    /// <summary>No spaces at the ends, one between words.</summary>
    public bool CollapseSpaces { get; init; }

    /// <summary>Spaces are spelled U+2581 in the vocabulary.</summary>
    public bool EscapeSpaces { get; init; } = true;
}
