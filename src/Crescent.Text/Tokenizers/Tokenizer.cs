using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>
/// Text to token ids and back. Immutable, and safe to use from many threads. Input may be any bytes: a stretch of invalid UTF-8 is
/// split like U+FFFD but keeps its own bytes, so byte-level vocabularies and those with byte fallback decode to the same bytes.
/// Exceptions to that are a vocabulary's own: Qwen normalises to NFC, SentencePiece reads U+2581 as a space, and DeepSeek-Coder and
/// -LLM have no tokens for bytes that no UTF-8 has (they become U+FFFD).
/// </summary>
public abstract class Tokenizer
{
    // Names of tokens that end a turn or a text, whichever model family brought them.
    private static readonly string[] s_stopNames =
    [
        "[EOS]", "<|im_end|>", "[EOT]", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>",
        "<|return|>", "<|call|>", "</s>", "<|EOT|>", "<end_of_turn>", "<eos>", "<|eos|>",
    ];

    private readonly SpecialTokens _special;
    private readonly Vocabulary _vocabulary;
    private readonly MarkerTrie _markers;

    private protected Tokenizer(Vocabulary vocabulary, SpecialTokens special, MarkerTrie markers)
    {
        _vocabulary = vocabulary;
        _special = special;
        _markers = markers;
        var stops = new SortedSet<int>();
        foreach (var id in new[] { EosId, EotId }.Concat(special.Stops.Select(id => InRange(id))).Concat(s_stopNames.Select(FindMarker)))
        {
            if (id is not null)
            {
                stops.Add(id.Value);
            }
        }

        StopIds = [.. stops];
    }

    /// <summary>Ids run from 0 to this, exclusive.</summary>
    public int VocabularySize => _vocabulary.Count;

    public int? BosId => InRange(_special.Bos);

    public int? EosId => InRange(_special.Eos);

    public int? EotId => InRange(_special.Eot);

    public int? PadId => InRange(_special.Pad);

    public int? UnknownId => InRange(_special.Unknown);

    /// <summary>Whether a prompt begins with <see cref="BosId"/>. Encode never adds it; whoever builds the prompt does.</summary>
    public bool AddBos => _special.AddBos && BosId is not null;

    /// <summary>Whether a finished text ends with <see cref="EosId"/> in training.</summary>
    public bool AddEos => _special.AddEos && EosId is not null;

    /// <summary>Every id that ends a turn or a text, ascending.</summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>Whether decoding the start of a text drops one leading space (SentencePiece's dummy prefix).</summary>
    public virtual bool DropsLeadingSpace => false;

    /// <summary>Appends the ids of a text. Lone surrogates count as U+FFFD.</summary>
    /// <param name="parseSpecial">Whether control tokens spelled out in the text become those tokens; for trusted text only.</param>
    public void Encode(string text, List<int> ids, bool parseSpecial = false) =>
        Encode(text, ids, parseSpecial ? TextTrust.Trusted : TextTrust.Plain);

    public int[] Encode(string text, bool parseSpecial = false)
    {
        var ids = new List<int>();
        Encode(text, ids, parseSpecial);
        return [.. ids];
    }

    /// <inheritdoc cref="Encode(ReadOnlySpan{byte}, List{int}, TextTrust, bool)"/>
    public void Encode(string text, List<int> ids, TextTrust trust, bool startOfText = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            Encode(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)), ids, trust, startOfText);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Appends the ids of a text given as bytes, valid UTF-8 or not.</summary>
    /// <param name="startOfText">False where the text continues an earlier one: SentencePiece then adds no leading space.</param>
    public void Encode(ReadOnlySpan<byte> utf8, List<int> ids, TextTrust trust = TextTrust.Plain, bool startOfText = true)
    {
        ArgumentNullException.ThrowIfNull(ids);
        for (var position = 0; position < utf8.Length;)
        {
            var marker = _markers.Next(utf8, position, trust, out var start, out var length);
            if (start > position)
            {
                EncodeFragment(utf8[position..start], ids, trust, startOfText);
                startOfText = false;
            }

            if (marker >= 0)
            {
                ids.Add(marker);
            }

            position = start + length;
        }
    }

    /// <summary>The bytes a token adds to decoded text; none for a control token.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id)
    {
        CheckId(id);
        return DecodedBytes(id);
    }

    /// <summary>Appends the bytes a token adds to decoded text; with <paramref name="showSpecial"/> a control token adds its name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public void AppendBytes(int id, IBufferWriter<byte> output, bool showSpecial = false)
    {
        CheckId(id);
        output.Write(showSpecial && IsHidden(id) ? _vocabulary.Bytes(id) : DecodedBytes(id));
    }

    /// <summary>A token as shown to people: its text, or a control token's name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public string TokenName(int id)
    {
        CheckId(id);
        var bytes = IsHidden(id) || _vocabulary.Kind(id) == TokenKind.Byte ? _vocabulary.Bytes(id) : DecodedBytes(id);
        return bytes.IsEmpty ? $"<|unused_{id}|>" : Encoding.UTF8.GetString(bytes);
    }

    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public bool IsControl(int id)
    {
        CheckId(id);
        return _vocabulary.Kind(id) == TokenKind.Control;
    }

    /// <summary>The control token of that name.</summary>
    public int? FindControl(string name) => _vocabulary.FindControl(name);

    /// <summary>The control or user-defined token of that name: what a template's marker may become.</summary>
    public int? FindMarker(string name) => _vocabulary.FindControl(name) ?? _vocabulary.FindUserDefined(name);

    /// <summary>Any token of that name or text: a control token first, then a user-defined, then a normal one.</summary>
    public int? FindToken(string name) => FindMarker(name) ?? FindPiece(name);

    /// <summary>The bytes of a sequence.</summary>
    /// <param name="startOfText">False where the ids continue an earlier text: SentencePiece then keeps a leading space.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public byte[] Decode(ReadOnlySpan<int> ids, bool showSpecial = false, bool startOfText = true)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(16, ids.Length * 4));
        var dropSpace = startOfText && DropsLeadingSpace;
        foreach (var id in ids)
        {
            CheckId(id);
            if (dropSpace && !IsHidden(id) && DecodedBytes(id) is { IsEmpty: false } bytes)
            {
                output.Write(bytes[0] == ' ' ? bytes[1..] : bytes);
                dropSpace = false;
            }
            else
            {
                AppendBytes(id, output, showSpecial);
            }
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>The text of a sequence; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public string DecodeText(ReadOnlySpan<int> ids, bool showSpecial = false, bool startOfText = true) =>
        Encoding.UTF8.GetString(Decode(ids, showSpecial, startOfText));

    internal Vocabulary Vocabulary => _vocabulary;

    private protected abstract void EncodeFragment(ReadOnlySpan<byte> text, List<int> ids, TextTrust trust, bool startOfText);

    private protected abstract ReadOnlySpan<byte> DecodedBytes(int id);

    private protected abstract int? FindPiece(string text);

    internal bool IsHidden(int id) => _vocabulary.Kind(id) is TokenKind.Control or TokenKind.Unused or TokenKind.Unknown;

    private int? InRange(int? id) => id is >= 0 && id < _vocabulary.Count ? id : null;

    private void CheckId(int id)
    {
        if ((uint)id >= (uint)_vocabulary.Count)
        {
            ThrowIdOutOfRange(id);
        }
    }

    [DoesNotReturn]
    private void ThrowIdOutOfRange(int id) =>
        throw new ArgumentOutOfRangeException(nameof(id), id, $"token id {id} is outside the vocabulary of {_vocabulary.Count} tokens");
}
