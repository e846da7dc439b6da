using System.Buffers.Binary;
using System.IO.Hashing;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Records;

namespace Crescent.Engine.Conversion;

/// <summary>The routed experts of a layer.</summary>
/// <param name="Matrices">Gate, up, down.</param>
internal sealed record ExpertLayer(int Layer, IReadOnlyList<ExpertMatrix> Matrices)
{
    public RecordLayer Layout() => RecordLayer.Of(Layer, Matrices[0].Experts, Matrices.Select(matrix => (matrix.DType, matrix.Rows, matrix.Columns, matrix.ScaleBytes)));
}

/// <summary>A conversion's files of expert records.</summary>
internal static class RecordOutput
{
    private const long UsualFileBytes = 50_000_000_000;

    /// <summary>The headers of all files, without the set that they belong to.</summary>
    public static IReadOnlyList<RecordHeader> Headers(IReadOnlyList<ExpertLayer> layers, long? splitBytes)
    {
        List<List<RecordLayer>> files = [];
        var bytes = 0L;
        foreach (var layout in layers.Select(layer => layer.Layout()))
        {
            if (files.Count == 0 || bytes + layout.Length > (splitBytes ?? UsualFileBytes))
            {
                files.Add([]);
                bytes = 0;
            }

            files[^1].Add(layout);
            bytes += layout.Length;
        }

        return [.. files.Select((file, i) => new RecordHeader(i + 1, files.Count, 0, file).Placed())];
    }

    /// <summary>A number that another conversion is unlikely to have.</summary>
    public static ulong SetOf(IReadOnlyList<RecordHeader> headers, ReadOnlySpan<byte> backbone)
    {
        var hash = new XxHash64();
        hash.Append(backbone);
        foreach (var header in headers)
        {
            hash.Append(header.ToBytes());
        }

        return hash.GetCurrentHashAsUInt64();
    }

    public static OutputFile File(string folder, RecordHeader header, IReadOnlyList<ExpertLayer> layers, int threads)
    {
        var pieces = new List<OutputPiece>();
        foreach (var layout in header.Layers)
        {
            var layer = layers.First(candidate => candidate.Layer == layout.Layer);
            for (var expert = 0; expert < layout.Experts; expert++)
            {
                pieces.Add(Piece(layer, layout, expert, header.HashTable + ((long)pieces.Count * sizeof(ulong)), threads));
            }
        }

        return new OutputFile(Path.Combine(folder, RecordFormat.FileName(header.Number, header.Files)), header.ToBytes(), pieces) { Finish = stream => WriteHash(stream, header) };
    }

    private static OutputPiece Piece(ExpertLayer layer, RecordLayer layout, int expert, long hashOffset, int threads)
    {
        var record = 0UL;
        return new OutputPiece($"expert {expert} of layer {layout.Layer}", layout.Stride, (sink, cancellationToken) =>
        {
            var writer = new RecordWriter(sink);
            var stream = new RowStream(threads, cancellationToken);
            foreach (var (matrix, place) in layer.Matrices.Zip(layout.Matrices))
            {
                writer.PadTo(place.Codes);
                matrix.WriteCodes(expert, stream, writer.Write);
                if (place.ScaleBytes > 0)
                {
                    writer.PadTo(place.Scales);
                    matrix.WriteScales(expert, stream, writer.Write);
                }
            }

            writer.PadTo(layout.Stride);
            record = writer.Hash;
        })
        {
            Finish = stream =>
            {
                Span<byte> bytes = stackalloc byte[sizeof(ulong)];
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, record);
                stream.Position = hashOffset;
                stream.Write(bytes);
            },
        };
    }

    private static void WriteHash(FileStream stream, RecordHeader header)
    {
        var bytes = new byte[header.DataOffset];
        stream.Position = 0;
        stream.ReadExactly(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(RecordFormat.HashOffset), RecordFormat.HashOf(bytes));
        stream.Position = RecordFormat.HashOffset;
        stream.Write(bytes.AsSpan(RecordFormat.HashOffset, sizeof(ulong)));
    }

    // Counts and hashes the bytes of a record on their way.
    private sealed class RecordWriter(TensorSink sink)
    {
        private static readonly byte[] s_zeros = new byte[RecordFormat.PageBytes];

        private readonly XxHash64 _hash = new();
        private long _position;

        public ulong Hash => _hash.GetCurrentHashAsUInt64();

        public void Write(ReadOnlySpan<byte> bytes)
        {
            _hash.Append(bytes);
            sink(bytes);
            _position += bytes.Length;
        }

        public void PadTo(long position)
        {
            while (_position < position)
            {
                Write(s_zeros.AsSpan(0, (int)Math.Min(s_zeros.Length, position - _position)));
            }
        }
    }
}
