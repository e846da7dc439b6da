using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Runtime.Scoring;

// bytes  field
// 0-7    "CRLOGIT1"
// 8-11   u32 tokens of vocabulary
// 12-19  u64 rows
// 20-27  u64 hash of the text's tokens and windows: only logits of the same text may be compared
// 28-    float32 [rows, vocabulary], little-endian

/// <summary>Logits of a text's scored positions, kept for later comparison.</summary>
public sealed class LogitsFile : IBaseLogits
{
    public const int HeaderBytes = 28;

    private readonly FileStream _stream;
    private readonly float[] _row; // [vocab]

    private LogitsFile(FileStream stream, int vocab)
    {
        _stream = stream;
        _row = new float[vocab];
    }

    internal static ReadOnlySpan<byte> Magic => "CRLOGIT1"u8;

    /// <summary>Bytes of a whole file.</summary>
    public static long BytesFor(ScoringPlan plan, int vocab) => HeaderBytes + checked(plan.Rows * vocab * sizeof(float));

    /// <summary>Writes what stands before the first row; the rows follow in the order of the windows.</summary>
    public static void WriteHeader(Stream stream, ScoringPlan plan, int vocab)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], (uint)vocab);
        BinaryPrimitives.WriteUInt64LittleEndian(header[12..], (ulong)plan.Rows);
        BinaryPrimitives.WriteUInt64LittleEndian(header[20..], plan.Hash());
        stream.Write(header);
    }

    /// <summary>Opens stored logits of a text.</summary>
    /// <exception cref="CheckpointException">The file is damaged, or its logits are of another vocabulary or text.</exception>
    public static LogitsFile Open(string path, ScoringPlan plan, int vocab)
    {
        var stream = File.OpenRead(path);
        try
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            if (stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header.StartsWith(Magic))
            {
                throw new CheckpointException($"{path}: expected stored logits that begin with 'CRLOGIT1' and {HeaderBytes} bytes of header, found {stream.Length} bytes of something else");
            }

            StoredLogits.Require(path, "tokens of vocabulary", vocab, BinaryPrimitives.ReadUInt32LittleEndian(header[8..]));
            if (BinaryPrimitives.ReadUInt64LittleEndian(header[20..]) != plan.Hash())
            {
                throw new CheckpointException($"{path}: expected logits of the same text, tokenized and cut in the same way, found another's");
            }

            StoredLogits.Require(path, "rows", plan.Rows, BinaryPrimitives.ReadUInt64LittleEndian(header[12..]));
            StoredLogits.Require(path, "bytes", BytesFor(plan, vocab), (ulong)stream.Length);
            return new LogitsFile(stream, vocab);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public void Begin(ReadOnlySpan<int> tokens, in ScoringWindow window)
    {
        // Rows are stored in the order in which they are asked for.
    }

    public ReadOnlySpan<float> Row(int position, CancellationToken cancellation)
    {
        _stream.ReadExactly(MemoryMarshal.AsBytes(_row.AsSpan()));
        return _row;
    }

    public void Dispose() => _stream.Dispose();
}
