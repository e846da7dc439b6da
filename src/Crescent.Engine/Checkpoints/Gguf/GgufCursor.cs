using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>Reads a GGUF header forward. Nothing is read or allocated before its length is checked against the bytes that remain.</summary>
internal sealed class GgufCursor(GgufFile file)
{
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public GgufFile File => file;

    public long Position { get; private set; }

    public long Remaining => file.Bytes.Length - Position;

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A count of things of at least <paramref name="minimumBytes"/> bytes each, refused when the rest of the file cannot hold them.</summary>
    public int Count(string what, int minimumBytes, int limit)
    {
        var at = Position;
        var count = UInt64(what);
        var fits = (ulong)(Remaining / minimumBytes);
        if (count > fits)
        {
            Throw(at, what, $"at most {fits} (the file has {Remaining} bytes left)", count.ToString());
        }

        if (count > (ulong)limit)
        {
            Throw(at, what, $"at most {limit}", count.ToString());
        }

        return (int)count;
    }

    /// <summary>A key or a tensor's name: short, and valid UTF-8.</summary>
    public string Name(string what, int limit)
    {
        var at = Position;
        var length = Length(what);
        if (length is 0 || length > limit)
        {
            Throw(at, $"length of {what}", $"1..{limit} bytes", length.ToString());
        }

        var bytes = Take((int)length, what);
        try
        {
            return s_strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            Throw(at + 8, what, "UTF-8", Convert.ToHexString(bytes[..Math.Min(16, bytes.Length)]));
            return null;
        }
    }

    /// <summary>A string's length, checked against the bytes that remain.</summary>
    public long Length(string what)
    {
        var at = Position;
        var length = UInt64($"length of {what}");
        if (length > (ulong)Remaining)
        {
            Throw(at, $"length of {what}", $"at most the {Remaining} bytes left", length.ToString());
        }

        return (long)length;
    }

    public void Skip(long bytes, string what)
    {
        if (bytes > Remaining)
        {
            Throw(Position, what, $"{bytes} bytes", $"the file ends after {Remaining}");
        }

        Position += bytes;
    }

    [DoesNotReturn]
    public void Throw(long offset, string what, string expected, string found) =>
        throw new CheckpointException($"{file.Path}: offset {offset}: {what}: expected {expected}, found {found}");

    private ReadOnlySpan<byte> Take(int bytes, string what)
    {
        var at = Position;
        Skip(bytes, what);
        return file.Bytes.Span(at, bytes);
    }
}
