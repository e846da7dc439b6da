namespace Crescent.Text.Tokenizers;

/// <summary>A bad tokenizer file or vocabulary. The message says what, where, expected and found.</summary>
public sealed class TokenizerException : Exception
{
    public TokenizerException(string message)
        : base(message)
    {
    }

    public TokenizerException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
