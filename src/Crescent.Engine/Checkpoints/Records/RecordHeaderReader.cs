using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Crescent.Kernels;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.Records;

/// <summary>Reads the header of a file of records. Nothing is believed before it fits the file, and its hash.</summary>
internal sealed class RecordHeaderReader
{
    private const int MostFiles = 99_999;
    private const int MostLayers = 65_536;
    private const int MostExperts = 65_536;
    private const int MostLength = 1 << 24; // rows or columns, wider than any model

    private readonly string _path;
    private readonly ByteRegion _file;

    private RecordHeaderReader(string path, ByteRegion file) => (_path, _file) = (path, file);

    /// <exception cref="CheckpointException">The header is damaged, or the file is not complete.</exception>
    public static RecordHeader Read(string path, ByteRegion file) => new RecordHeaderReader(path, file).Read();

    private RecordHeader Read()
    {
        if (_file.Length < RecordFormat.HeaderBytes || !_file.Span(0, 8).SequenceEqual(RecordFormat.Magic))
        {
            Throw(0, "magic", "\"CRXPERT1\"", _file.Length < 8 ? $"a file of {_file.Length} bytes" : Convert.ToHexString(_file.Span(0, 8)));
        }

        var version = Int32(8, "version", 1, int.MaxValue);
        if (version != RecordFormat.Version)
        {
            Throw(8, "version", $"{RecordFormat.Version}", version.ToString());
        }

        var files = Int32(16, "files", 1, MostFiles);
        var number = Int32(12, "number of the file", 1, files);
        var layerCount = Int32(20, "layers", 1, MostLayers);
        var records = Int64(24, "records", 1, _file.Length / RecordFormat.PageBytes);
        var data = Int64(32, "offset of the first record", RecordFormat.PageBytes, _file.Length);
        var length = Int64(40, "length of the file", 0, long.MaxValue);
        if (length != _file.Length)
        {
            Throw(40, "length of the file", $"{length} bytes", $"{_file.Length}; is the copy complete?");
        }

        if (data % RecordFormat.PageBytes != 0 || data > int.MaxValue || data < RecordFormat.HeaderBytes + ((long)layerCount * RecordFormat.LayerBytes) + (records * sizeof(ulong)))
        {
            Throw(32, "offset of the first record", $"a multiple of {RecordFormat.PageBytes} behind {layerCount} layers and {records} hashes", data.ToString());
        }

        RequireHash((int)data);
        var header = new RecordHeader(number, files, BinaryPrimitives.ReadUInt64LittleEndian(_file.Span(48, 8)), ReadLayers(layerCount, data));
        if (header.Records != records || header.DataOffset != data)
        {
            Throw(24, "records", $"{header.Records}, those of the layers, and the first at {header.DataOffset}", $"{records}, and {data}");
        }

        return header;
    }

    private void RequireHash(int data)
    {
        var stated = BinaryPrimitives.ReadUInt64LittleEndian(_file.Span(RecordFormat.HashOffset, sizeof(ulong)));
        var found = RecordFormat.HashOf(_file.Span(0, data));
        if (stated != found)
        {
            Throw(RecordFormat.HashOffset, "hash of the header", $"{stated:x16}", $"{found:x16}: the header is damaged");
        }
    }

    private List<RecordLayer> ReadLayers(int count, long data)
    {
        var (layers, end, last) = (new List<RecordLayer>(count), data, -1);
        for (var i = 0; i < count; i++)
        {
            var at = RecordFormat.HeaderBytes + (i * RecordFormat.LayerBytes);
            var layer = ReadLayer(at, last + 1);
            if (layer.Offset != end || layer.Length > _file.Length - end)
            {
                Throw(at + 8, $"records of layer {layer.Layer}", $"at {end}, and inside the file", $"{layer.Experts} of {layer.Stride} bytes at {layer.Offset}");
            }

            (end, last) = (end + layer.Length, layer.Layer);
            layers.Add(layer);
        }

        if (end != _file.Length)
        {
            Throw(40, "end of the last record", _file.Length.ToString(), end.ToString());
        }

        return layers;
    }

    private RecordLayer ReadLayer(int at, int leastLayer)
    {
        var layer = Int32(at, "layer", leastLayer, MostLayers);
        var experts = Int32(at + 4, $"experts of layer {layer}", 1, MostExperts);
        var offset = Int64(at + 8, $"offset of layer {layer}", 0, _file.Length);
        var stride = Int64(at + 16, $"stride of layer {layer}", RecordFormat.PageBytes, _file.Length);
        if (stride % RecordFormat.PageBytes != 0)
        {
            Throw(at + 16, $"stride of layer {layer}", $"a multiple of {RecordFormat.PageBytes}", stride.ToString());
        }

        var (matrices, end) = (new RecordMatrix[3], 0L);
        for (var i = 0; i < matrices.Length; i++)
        {
            matrices[i] = ReadMatrix(at + RecordFormat.MatrixOffset + (i * RecordFormat.MatrixBytes), layer, ref end);
        }

        return end <= stride
            ? new RecordLayer(layer, experts, offset, stride, matrices)
            : Throw<RecordLayer>(at + 16, $"stride of layer {layer}", $"at least the {end} bytes of a record", stride.ToString());
    }

    /// <param name="end">Where the part before ends in the record; then where this one does.</param>
    private RecordMatrix ReadMatrix(int at, int layer, ref long end)
    {
        var type = Int32(at, $"type in layer {layer}", 0, int.MaxValue);
        if (!DTypes.TryGetLayout(type, out var layout) && !DTypes.Split.Contains((DType)type))
        {
            Throw(at, $"type in layer {layer}", "a type of weights", DTypes.Describe(type));
        }

        layout ??= ((DType)type).Layout();
        var (rows, columns) = (Int32(at + 4, $"rows in layer {layer}", 1, MostLength), Int32(at + 8, $"columns in layer {layer}", 1, MostLength));
        if (columns % layout.BlockLength != 0)
        {
            Throw(at + 8, $"columns in layer {layer}", $"a multiple of {layout.Name}'s block of {layout.BlockLength}", columns.ToString());
        }

        var matrix = new RecordMatrix(
            layout.DType, rows, columns, Int64(at + 16, "offset of codes", 0, _file.Length), Int64(at + 24, "offset of scales", 0, _file.Length), Int64(at + 32, "bytes of scales", 0, _file.Length));
        RequireScales(at, layer, matrix);
        end = Place(at + 16, layer, matrix.Codes, matrix.CodeBytes, end);
        end = matrix.ScaleBytes > 0 ? Place(at + 24, layer, matrix.Scales, matrix.ScaleBytes, end) : end;
        return matrix;
    }

    private void RequireScales(int at, int layer, RecordMatrix matrix)
    {
        var expected = RecordFormat.ScaleBytes(matrix.DType, matrix.Rows, matrix.Columns);
        var fits = matrix.DType == DType.INT8_KN
            ? matrix.ScaleBytes > 0 && matrix.ScaleBytes % expected == 0 && matrix.Columns % (matrix.ScaleBytes / expected) == 0
            : matrix.ScaleBytes == expected;
        if (!fits)
        {
            Throw(at + 32, $"bytes of scales in layer {layer}", $"{expected} for {matrix.DType} [{matrix.Rows}, {matrix.Columns}]", matrix.ScaleBytes.ToString());
        }
    }

    private long Place(int at, int layer, long offset, long bytes, long end)
    {
        if (offset < end || offset % RecordFormat.PartAlignment != 0 || offset > _file.Length - bytes)
        {
            Throw(at, $"offset in a record of layer {layer}", $"a multiple of {RecordFormat.PartAlignment} behind {end}, and {bytes} bytes from there inside the file", offset.ToString());
        }

        return offset + bytes;
    }

    private int Int32(int at, string what, int least, int most)
    {
        var value = BinaryPrimitives.ReadUInt32LittleEndian(_file.Span(at, 4));
        return value >= least && value <= most ? (int)value : Throw<int>(at, what, $"{least}..{most}", value.ToString());
    }

    private long Int64(int at, string what, long least, long most)
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(_file.Span(at, 8));
        return value <= long.MaxValue && (long)value >= least && (long)value <= most ? (long)value : Throw<long>(at, what, $"{least}..{most}", value.ToString());
    }

    [DoesNotReturn]
    private void Throw(long offset, string what, string expected, string found) => Throw<int>(offset, what, expected, found);

    [DoesNotReturn]
    private T Throw<T>(long offset, string what, string expected, string found) =>
        throw new CheckpointException($"{_path}: offset {offset}: {what}: expected {expected}, found {found}");
}
