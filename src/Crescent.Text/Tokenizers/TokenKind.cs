namespace Crescent.Text.Tokenizers;

/// <summary>What a token is; the numbers of GGUF's token types and of SentencePiece's piece types.</summary>
internal enum TokenKind : byte
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
