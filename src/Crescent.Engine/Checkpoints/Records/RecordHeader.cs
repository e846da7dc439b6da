using System.Buffers.Binary;

namespace Crescent.Engine.Checkpoints.Records;

/// <summary>What stands before the records of a file.</summary>
/// <param name="Number">Of the file, from 1.</param>
/// <param name="Set">The same in all files of a conversion.</param>
internal sealed record RecordHeader(int Number, int Files, ulong Set, IReadOnlyList<RecordLayer> Layers)
{
    /// <summary>Records of all layers.</summary>
    public long Records => Layers.Sum(layer => (long)layer.Experts);

    /// <summary>Where the hashes of records begin.</summary>
    public long HashTable => RecordFormat.HeaderBytes + ((long)Layers.Count * RecordFormat.LayerBytes);

    /// <summary>Where the records begin.</summary>
    public long DataOffset => RecordFormat.Align(HashTable + (Records * sizeof(ulong)), RecordFormat.PageBytes);

    /// <summary>Bytes of the file.</summary>
    public long FileLength => DataOffset + Layers.Sum(layer => layer.Length);

    /// <summary>The same with the layers one after another behind the header.</summary>
    public RecordHeader Placed()
    {
        var (offset, placed) = (DataOffset, new List<RecordLayer>());
        foreach (var layer in Layers)
        {
            placed.Add(layer with { Offset = offset });
            offset += layer.Length;
        }

        return this with { Layers = placed };
    }

    /// <summary>The bytes up to the first record, the hashes of records and of the header yet 0.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[DataOffset];
        RecordFormat.Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), RecordFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), Files);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), Layers.Count);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), Records);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), DataOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), FileLength);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(48), Set);
        for (var i = 0; i < Layers.Count; i++)
        {
            Write(Layers[i], bytes.AsSpan(RecordFormat.HeaderBytes + (i * RecordFormat.LayerBytes), RecordFormat.LayerBytes));
        }

        return bytes;
    }

    private static void Write(RecordLayer layer, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, layer.Layer);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], layer.Experts);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], layer.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], layer.Stride);
        for (var i = 0; i < layer.Matrices.Count; i++)
        {
            var matrix = layer.Matrices[i];
            var at = bytes[(RecordFormat.MatrixOffset + (i * RecordFormat.MatrixBytes))..];
            BinaryPrimitives.WriteInt32LittleEndian(at, (int)matrix.DType);
            BinaryPrimitives.WriteInt32LittleEndian(at[4..], matrix.Rows);
            BinaryPrimitives.WriteInt32LittleEndian(at[8..], matrix.Columns);
            BinaryPrimitives.WriteInt64LittleEndian(at[16..], matrix.Codes);
            BinaryPrimitives.WriteInt64LittleEndian(at[24..], matrix.Scales);
            BinaryPrimitives.WriteInt64LittleEndian(at[32..], matrix.ScaleBytes);
        }
    }
}
