using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>Reads a pickle forward. Every length is checked against the bytes that remain, and against the frame where there is one.</summary>
internal sealed class PickleCursor(string path, ByteRegion bytes)
{
    private const int MaxTextBytes = 256;
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private long _frameEnd;
    private bool _inFrame; // whether the current opcode began in a frame, and so must end in it

    public long Position { get; private set; }

    public long Remaining => bytes.Length - Position;

    public PickleOpcode Opcode()
    {
        _inFrame = Position < _frameEnd;
        return (PickleOpcode)Byte("opcode");
    }

    public byte Byte(string what) => Take(1, what)[0];

    public ushort UInt16(string what) => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what));

    public int Int32(string what) => BinaryPrimitives.ReadInt32LittleEndian(Take(4, what));

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A little-endian two's complement integer of as many bytes.</summary>
    public long Integer(int length)
    {
        if (length > 8)
        {
            Throw(Position, "length of an integer", "at most 8 bytes", length.ToString());
        }

        var taken = Take(length, "integer");
        var value = 0L;
        for (var i = length - 1; i >= 0; i--)
        {
            value = (value << 8) | taken[i];
        }

        return length is 0 or 8 ? value : value << (64 - (8 * length)) >> (64 - (8 * length));
    }

    public string Text(ulong length)
    {
        if (length > MaxTextBytes)
        {
            Throw(Position, "length of a string", $"at most {MaxTextBytes} bytes", length.ToString());
        }

        return Decode(Take((int)length, "string"));
    }

    /// <summary>Text up to a line's end.</summary>
    public string Line()
    {
        var ahead = bytes.Span(Position, (int)Math.Min(Remaining, MaxTextBytes + 1));
        var length = ahead.IndexOf((byte)'\n');
        if (length < 0)
        {
            Throw(Position, "name of a global", $"at most {MaxTextBytes} bytes and a line's end", "none");
        }

        return Decode(Take(length + 1, "name of a global")[..length]);
    }

    /// <summary>Bytes that stay in the file.</summary>
    public PickleBytes Payload(ulong length)
    {
        if (length > (ulong)Remaining)
        {
            Throw(Position, "length of bytes", $"at most the {Remaining} bytes left", $"{length} (is the download complete?)");
        }

        var payload = new PickleBytes(Position, (long)length);
        Skip((long)length, "bytes");
        return payload;
    }

    public void BeginFrame()
    {
        var at = Position;
        var length = UInt64("length of a frame");
        if (length > (ulong)Remaining || _inFrame)
        {
            Throw(at, "length of a frame", $"at most the {Remaining} bytes left, outside of other frames", $"{length}{(length > (ulong)Remaining ? " (is the download complete?)" : "")}");
        }

        _frameEnd = Position + (long)length;
    }

    [DoesNotReturn]
    public void Throw(long offset, string what, string expected, string found) =>
        throw new CheckpointException($"{path}: offset {offset}: {what}: expected {expected}, found {found}");

    private string Decode(ReadOnlySpan<byte> text)
    {
        try
        {
            return s_strictUtf8.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            Throw(Position - text.Length, "string", "UTF-8", Convert.ToHexString(text[..Math.Min(16, text.Length)]));
            return null;
        }
    }

    private ReadOnlySpan<byte> Take(int length, string what)
    {
        var at = Position;
        Skip(length, what);
        return bytes.Span(at, length);
    }

    private void Skip(long length, string what)
    {
        if (length > Remaining)
        {
            Throw(Position, what, $"{length} bytes", $"the file ends after {Remaining} (is the download complete?)");
        }

        if (_inFrame && length > _frameEnd - Position)
        {
            Throw(Position, what, $"{length} bytes", $"the frame ends after {_frameEnd - Position}");
        }

        Position += length;
    }
}
