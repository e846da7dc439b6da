using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Crescent.Engine.Runtime.Scoring;

// bytes  field
// 0-7    "CRLOGIT1"
// 8-11   u32 tokens of vocabulary
// 12-15  u32 rows
// 16-23  u64 hash of the text's tokens and windows: only logits of the same text may be compared
// 24-    float32 [rows, vocabulary], little-endian

/// <summary>Logits of a text kept for later comparison.</summary>
public static class LogitsFile
{
    public const int HeaderBytes = 24;

    private static ReadOnlySpan<byte> Magic => "CRLOGIT1"u8;

    /// <summary>Whether a file begins as such a one does.</summary>
    public static bool LooksRight(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        Span<byte> start = stackalloc byte[8];
        using var stream = File.OpenRead(path);
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(Magic);
    }

    /// <summary>Identifies a text and how it is cut.</summary>
    public static ulong HashOf(ReadOnlySpan<int> tokens, IEnumerable<ScoringWindow> windows)
    {
        var hash = new XxHash64();
        hash.Append(MemoryMarshal.AsBytes(tokens));
        Span<int> window = stackalloc int[5];
        foreach (var (start, length, firstScored, scored, replaceFirst) in windows)
        {
            (window[0], window[1], window[2], window[3], window[4]) = (start, length, firstScored, scored, replaceFirst ? 1 : 0);
            hash.Append(MemoryMarshal.AsBytes(window));
        }

        return hash.GetCurrentHashAsUInt64();
    }

    public static void WriteHeader(Stream stream, int vocab, int rows, ulong hash)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], (uint)vocab);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)rows);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], hash);
        stream.Write(header);
    }

    /// <summary>Opens stored logits at the first row.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or its logits are of another vocabulary or text.</exception>
    public static FileStream OpenRead(string path, int vocab, int rows, ulong hash)
    {
        var stream = File.OpenRead(path);
        try
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            if (stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header[..8].SequenceEqual(Magic))
            {
                throw new InvalidDataException($"{path}: expected stored logits that begin with 'CRLOGIT1', found something else");
            }

            Require(path, "tokens of vocabulary", vocab, BinaryPrimitives.ReadUInt32LittleEndian(header[8..]));
            Require(path, "rows", rows, BinaryPrimitives.ReadUInt32LittleEndian(header[12..]));
            Require(path, "bytes", HeaderBytes + ((long)rows * vocab * sizeof(float)), stream.Length);
            return BinaryPrimitives.ReadUInt64LittleEndian(header[16..]) == hash
                ? stream
                : throw new InvalidDataException($"{path}: expected logits of the same text, cut and tokenized in the same way, found another's");
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static void Require(string path, string what, long expected, long found)
    {
        if (expected != found)
        {
            throw new InvalidDataException($"{path}: {what}: expected {expected}, found {found}");
        }
    }
}
