namespace Crescent.Text.Tokenizers;

/// <summary>One token as a loader found it: its bytes as text is matched against (a control token's: its name), and its kind.</summary>
internal readonly record struct TokenEntry(byte[] Bytes, TokenKind Kind, float Score = 0);
