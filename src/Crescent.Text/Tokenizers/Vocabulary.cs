using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>The tokens of a tokenizer by id, and their names.</summary>
internal sealed class Vocabulary
{
    private readonly TokenKind[] _kinds;
    private readonly ByteStrings _bytes;
    private readonly Dictionary<string, int> _controls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _userDefined = new(StringComparer.Ordinal);

    public Vocabulary(IReadOnlyList<TokenEntry> tokens)
    {
        if (tokens.Count == 0)
        {
            throw new TokenizerException("the vocabulary is empty");
        }

        _kinds = [.. tokens.Select(token => token.Kind)];
        _bytes = new ByteStrings([.. tokens.Select(token => token.Bytes)]);
        for (var id = 0; id < tokens.Count; id++)
        {
            if (tokens[id].Bytes.Length > 0 && tokens[id].Kind is TokenKind.Control or TokenKind.UserDefined)
            {
                (tokens[id].Kind == TokenKind.Control ? _controls : _userDefined).TryAdd(Encoding.UTF8.GetString(tokens[id].Bytes), id);
            }
        }

        // Control and byte tokens are never found by their spelling, so text cannot become one by merging.
        Pieces = new TokenTable(_bytes, id => _kinds[id] is TokenKind.Normal);
    }

    public int Count => _kinds.Length;

    /// <summary>Normal tokens by their bytes.</summary>
    public TokenTable Pieces { get; }

    public TokenKind Kind(int id) => _kinds[id];

    public ReadOnlySpan<byte> Bytes(int id) => _bytes[id];

    public int? FindControl(string name) => _controls.TryGetValue(name, out var id) ? id : null;

    public int? FindUserDefined(string name) => _userDefined.TryGetValue(name, out var id) ? id : null;
}
