namespace Crescent.Engine.Synthesis.Published;

/// <summary>
/// <c>kv_b_proj</c> of latent attention [heads · (nope + value), latent]: in every head the rows of its keys, which <c>attn_k_b</c> [heads, latent, nope]
/// has as columns, then those of its values, <c>attn_v_b</c> [heads, value, latent].
/// </summary>
internal sealed class LatentRows(SynthValues keys, SynthValues values) : SynthRows((keys.Rows / keys.MatrixRows * keys.Columns) + values.Rows, values.Columns)
{
    private readonly int _nope = keys.Columns;
    private readonly long _latent = keys.MatrixRows;
    private readonly long _value = values.MatrixRows;

    public override void Read(long row, Span<byte> nibbles)
    {
        var (head, at) = Math.DivRem(row, _nope + _value);
        if (at >= _nope)
        {
            values.Read((head * _value) + at - _nope, 0, nibbles);
            return;
        }

        Span<byte> word = stackalloc byte[SynthBits.ValuesPerWord];
        for (var c = 0; c < _latent; c++)
        {
            keys.Read((head * _latent) + c, (int)at / word.Length * word.Length, word);
            nibbles[c] = word[(int)at % word.Length];
        }
    }

    public override void Exponents(long row, Span<sbyte> exponents)
    {
        var (head, at) = Math.DivRem(row, _nope + _value);
        for (var i = 0; i < exponents.Length; i++)
        {
            var column = i * SynthEncoder.TileLength;
            exponents[i] = (sbyte)(at >= _nope
                ? values.Exponent((head * _value) + at - _nope, column)
                : keys.Exponent((head * _latent) + column, (int)at));
        }
    }
}
