namespace Crescent.Engine.Synthesis;

/// <summary>
/// The values of a matrix, or of a stack of them, under one seed: any row or part of a row alone, in any order. All formats of a model take their
/// values from here, by the tensors of GGUF.
/// </summary>
internal sealed class SynthValues
{
    private readonly ulong _key;
    private readonly ulong _tileKey;
    private readonly long _rowWords;
    private readonly int _middle;
    private readonly bool _fourBits;

    public SynthValues(SynthTensor tensor, ulong seed)
    {
        _key = SynthBits.Key(seed, tensor.Name);
        _tileKey = SynthBits.Key(seed, tensor.Name + "/scale");
        (Rows, MatrixRows, Columns) = (tensor.Rows, tensor.MatrixRows, tensor.Columns);
        _rowWords = (Columns + SynthBits.ValuesPerWord - 1) / SynthBits.ValuesPerWord;
        _middle = (int)Math.Round(-Math.Log2(SynthBits.StandardDeviation * Math.Sqrt(Columns)));
        _fourBits = tensor.Role == SynthRole.FourBitMatrix;
    }

    /// <summary>Rows of all matrices.</summary>
    public long Rows { get; }

    /// <summary>Rows of one matrix: a stack restarts its tiles at each.</summary>
    public long MatrixRows { get; }

    public int Columns { get; }

    /// <summary>Values of a row from a column on.</summary>
    /// <param name="firstColumn">A multiple of 16.</param>
    /// <param name="nibbles">1…15 for −7…7; a multiple of 16, which may reach past the row's end.</param>
    public void Read(long row, int firstColumn, Span<byte> nibbles)
    {
        SynthBits.Fill(_key, (row * _rowWords) + (firstColumn / SynthBits.ValuesPerWord), nibbles);
        if (_fourBits)
        {
            SynthBits.RoundToFourBits(nibbles);
        }
    }

    /// <summary>The exponent that the tile of a row and a column has.</summary>
    public int Exponent(long row, int column)
    {
        const int Tile = SynthEncoder.TileLength;
        var tileRows = (MatrixRows + Tile - 1) / Tile;
        var tileColumns = (Columns + Tile - 1) / Tile;
        var tileRow = (row / MatrixRows * tileRows) + (row % MatrixRows / Tile);
        return _middle - 1 + (int)(SynthBits.Word(_tileKey, (tileRow * tileColumns) + (column / Tile)) % 3);
    }
}
