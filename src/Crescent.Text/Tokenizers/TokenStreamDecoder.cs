using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>
/// Turns ids into text one at a time. Text is given out once it is certain: the bytes of an unfinished character (at most 3) wait
/// for the next token. All pieces and the flush together equal <see cref="Tokenizer.DecodeText"/>. Not thread-safe.
/// </summary>
public sealed class TokenStreamDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _showSpecial;
    private readonly bool _startOfText;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly System.Buffers.ArrayBufferWriter<byte> _name = new(32);
    private char[] _text = new char[64];
    private bool _dropSpace;

    /// <param name="startOfText">False where the tokens continue a prompt: a SentencePiece leading space is then kept.</param>
    public TokenStreamDecoder(Tokenizer tokenizer, bool showSpecial = false, bool startOfText = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _showSpecial = showSpecial;
        _startOfText = startOfText;
        Reset();
    }

    /// <summary>The text that is now certain, often none. Valid until the next call.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public ReadOnlySpan<char> Push(int id)
    {
        var bytes = _tokenizer.TokenBytes(id);
        if (_showSpecial && (bytes.IsEmpty || _tokenizer.IsHidden(id)))
        {
            _name.ResetWrittenCount();
            _tokenizer.AppendBytes(id, _name, showSpecial: true);
            return Decode(_name.WrittenSpan, flush: false);
        }

        if (_dropSpace && !bytes.IsEmpty && !_tokenizer.IsHidden(id))
        {
            _dropSpace = false;
            bytes = bytes[0] == ' ' ? bytes[1..] : bytes;
        }

        return bytes.IsEmpty ? default : Decode(bytes, flush: false);
    }

    /// <summary>Ends the text: an unfinished character becomes U+FFFD. The decoder is then ready for a new text.</summary>
    public ReadOnlySpan<char> Flush()
    {
        var rest = Decode([], flush: true);
        _dropSpace = _startOfText && _tokenizer.DropsLeadingSpace;
        return rest;
    }

    /// <summary>Forgets the text so far.</summary>
    public void Reset()
    {
        _utf8.Reset();
        _dropSpace = _startOfText && _tokenizer.DropsLeadingSpace;
    }

    private ReadOnlySpan<char> Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        // Bytes held back can add a replacement character each before the new ones.
        var most = bytes.Length + 4;
        if (_text.Length < most)
        {
            _text = new char[most * 2];
        }

        return _text.AsSpan(0, _utf8.GetChars(bytes, _text, flush));
    }
}
