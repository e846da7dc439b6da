namespace Crescent.Text.Tokenizers;

/// <summary>Many byte strings in one block of memory.</summary>
internal sealed class ByteStrings
{
    private readonly byte[] _bytes;
    private readonly int[] _starts;   // [count + 1]

    public ByteStrings(IReadOnlyList<byte[]> strings)
    {
        var total = strings.Sum(text => (long)text.Length);
        if (total > int.MaxValue)
        {
            throw new TokenizerException($"the tokens of the vocabulary take {total} bytes together, more than {int.MaxValue}");
        }

        _bytes = new byte[total];
        _starts = new int[strings.Count + 1];
        for (var i = 0; i < strings.Count; i++)
        {
            strings[i].CopyTo(_bytes, _starts[i]);
            _starts[i + 1] = _starts[i] + strings[i].Length;
        }
    }

    public int Count => _starts.Length - 1;

    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_starts[index], _starts[index + 1] - _starts[index]);
}
