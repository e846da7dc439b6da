using System.Buffers.Binary;

namespace Crescent.Text.Tokenizers;

/// <summary>Walks the fields of a protocol buffer message (protobuf.dev, "Encoding"). Every length is checked against the message.</summary>
internal sealed class ProtobufReader(ReadOnlyMemory<byte> message, string where)
{
    private int _position;
    private int _wireType;
    private long _integer;
    private ReadOnlyMemory<byte> _bytes;

    public string Where => where;

    public int Field { get; private set; }

    /// <summary>Reads the next field whole; false at the end.</summary>
    public bool NextField()
    {
        if (_position == message.Length)
        {
            return false;
        }

        var tag = Varint();
        Field = (int)(tag >> 3 & 0x1FFFFFFF);
        _wireType = (int)(tag & 7);
        switch (_wireType)
        {
            case 0:
                _integer = (long)Varint();
                break;
            case 1:
                _bytes = Take(8);
                break;
            case 2:
                _bytes = Take(Varint());
                break;
            case 5:
                _bytes = Take(4);
                break;
            default:
                throw new TokenizerException($"{where}: field {Field} at byte {_position} has wire type {_wireType}, expected 0, 1, 2 or 5");
        }

        return true;
    }

    public long Integer()
    {
        Expect(0);
        return _integer;
    }

    public float Float()
    {
        Expect(5);
        return BinaryPrimitives.ReadSingleLittleEndian(_bytes.Span);
    }

    public ReadOnlySpan<byte> Bytes()
    {
        Expect(2);
        return _bytes.Span;
    }

    public ProtobufReader Message()
    {
        Expect(2);
        return new ProtobufReader(_bytes, where);
    }

    private void Expect(int wireType)
    {
        if (_wireType != wireType)
        {
            throw new TokenizerException($"{where}: field {Field} has wire type {_wireType}, expected {wireType}");
        }
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_position == message.Length)
            {
                throw new TokenizerException($"{where}: the message ends inside a number, at byte {_position}");
            }

            var next = message.Span[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new TokenizerException($"{where}: a number at byte {_position} is longer than 10 bytes");
    }

    private ReadOnlyMemory<byte> Take(ulong length)
    {
        if (length > (ulong)(message.Length - _position))
        {
            throw new TokenizerException($"{where}: field {Field} at byte {_position} has {length} bytes, only {message.Length - _position} are left");
        }

        var taken = message.Slice(_position, (int)length);
        _position += (int)length;
        return taken;
    }
}
