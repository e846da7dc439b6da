using System.Buffers.Binary;
using System.Text;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>
/// Lays out a protocol 4 pickle as CPython's pickler does (Modules/_pickle.c): every value memoized, repeated names fetched from the memo, opcodes
/// gathered in frames of about 64 KiB, larger payloads outside of frames. Payloads are only announced: their bytes come when the file is written.
/// </summary>
internal sealed class PickleLayout
{
    private const int FrameTarget = 64 * 1024;
    private const int SmallestFrame = 4;
    private readonly List<(byte[] Bytes, int Payload)> _pieces = []; // bytes, then a payload or -1
    private readonly Dictionary<string, int> _memo = [];
    private readonly List<byte> _frame = [];
    private readonly List<(int At, int Payload)> _inFrame = [];
    private readonly List<long> _payloads = [];
    private long _frameBytes;
    private int _memoized;

    public PickleLayout() => _pieces.Add(([(byte)PickleOpcode.Proto, 4], -1));

    /// <summary>Bytes of the file, with all payloads.</summary>
    public long TotalBytes => _pieces.Sum(piece => piece.Bytes.LongLength + (piece.Payload < 0 ? 0 : _payloads[piece.Payload]));

    /// <summary>The bytes of the file in order; after each, unless -1, the number of the payload that follows.</summary>
    public IReadOnlyList<(byte[] Bytes, int Payload)> Pieces => _pieces;

    public void Opcode(PickleOpcode opcode) => Put([(byte)opcode]);

    public void Memoize()
    {
        Opcode(PickleOpcode.Memoize);
        _memoized++;
    }

    /// <summary>A string, or the same string again from the memo.</summary>
    public void Text(string text)
    {
        BeginValue();
        if (TryFetch(text))
        {
            return;
        }

        Put([(byte)PickleOpcode.ShortBinUnicode, (byte)Encoding.UTF8.GetByteCount(text), .. Encoding.UTF8.GetBytes(text)]);
        Memoize(text);
    }

    public void Global(string module, string name)
    {
        BeginValue();
        var key = $"{module}\n{name}";
        if (TryFetch(key))
        {
            return;
        }

        Text(module);
        Text(name);
        Opcode(PickleOpcode.StackGlobal);
        Memoize(key);
    }

    public void Integer(long value)
    {
        BeginValue();
        Span<byte> bytes = stackalloc byte[10];
        switch (value)
        {
            case >= 0 and <= byte.MaxValue:
                Put([(byte)PickleOpcode.BinInt1, (byte)value]);
                break;
            case >= 0 and <= ushort.MaxValue:
                bytes[0] = (byte)PickleOpcode.BinInt2;
                BinaryPrimitives.WriteUInt16LittleEndian(bytes[1..], (ushort)value);
                Put(bytes[..3]);
                break;
            case >= int.MinValue and <= int.MaxValue:
                bytes[0] = (byte)PickleOpcode.BinInt;
                BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], (int)value);
                Put(bytes[..5]);
                break;
            default:
                // The fewest bytes that keep the sign.
                var length = ((64 - long.LeadingZeroCount(value < 0 ? ~value : value)) / 8) + 1;
                (bytes[0], bytes[1]) = ((byte)PickleOpcode.Long1, (byte)length);
                BinaryPrimitives.WriteInt64LittleEndian(bytes[2..], value);
                Put(bytes[..(2 + (int)length)]);
                break;
        }
    }

    /// <summary>A value of one opcode: None, True, False, an empty dictionary.</summary>
    public void Constant(PickleOpcode opcode)
    {
        BeginValue();
        Opcode(opcode);
    }

    /// <summary>A short byte string that numpy repeats.</summary>
    public void Bytes(string key, ReadOnlySpan<byte> bytes)
    {
        BeginValue();
        if (TryFetch(key))
        {
            return;
        }

        Put([(byte)PickleOpcode.ShortBinBytes, (byte)bytes.Length, .. bytes]);
        Memoize(key);
    }

    /// <summary>A tuple of the values that <paramref name="write"/> lays out.</summary>
    public void Tuple(int count, Action write)
    {
        BeginValue();
        if (count > 3)
        {
            Opcode(PickleOpcode.Mark);
        }

        write();
        Opcode(count switch
        {
            0 => PickleOpcode.EmptyTuple,
            1 => PickleOpcode.Tuple1,
            2 => PickleOpcode.Tuple2,
            3 => PickleOpcode.Tuple3,
            _ => PickleOpcode.Tuple,
        });
        if (count > 0)
        {
            Memoize();
        }
    }

    /// <summary>Announces bytes: they are number <paramref name="payload"/>, counted from 0.</summary>
    public void Payload(int payload, long length)
    {
        BeginValue();
        _payloads.Add(length);
        Span<byte> opcode = stackalloc byte[9];
        BinaryPrimitives.WriteInt64LittleEndian(opcode[1..], length);
        opcode[0] = (byte)(length <= byte.MaxValue ? PickleOpcode.ShortBinBytes : length <= uint.MaxValue ? PickleOpcode.BinBytes : PickleOpcode.BinBytes8);
        opcode = opcode[..(length <= byte.MaxValue ? 2 : length <= uint.MaxValue ? 5 : 9)];
        if (length >= FrameTarget)
        {
            EndFrame();
            _pieces.Add((opcode.ToArray(), payload));
        }
        else
        {
            Put(opcode);
            _inFrame.Add((_frame.Count, payload));
            _frameBytes += length;
        }

        Memoize();
    }

    public void Stop()
    {
        Opcode(PickleOpcode.Stop);
        EndFrame();
    }

    private void Memoize(string key)
    {
        _memo.Add(key, _memoized);
        Memoize();
    }

    private bool TryFetch(string key)
    {
        if (!_memo.TryGetValue(key, out var index))
        {
            return false;
        }

        Put([(byte)PickleOpcode.BinGet, (byte)index]);
        return true;
    }

    // The pickler ends a full frame only before a value.
    private void BeginValue()
    {
        if (_frameBytes >= FrameTarget)
        {
            EndFrame();
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _frame.AddRange(bytes);
        _frameBytes += bytes.Length;
    }

    private void EndFrame()
    {
        if (_frameBytes >= SmallestFrame)
        {
            var header = new byte[9];
            header[0] = (byte)PickleOpcode.Frame;
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(1), _frameBytes);
            _pieces.Add((header, -1));
        }

        var (content, start) = (_frame.ToArray(), 0);
        foreach (var (at, payload) in _inFrame)
        {
            _pieces.Add((content[start..at], payload));
            start = at;
        }

        _pieces.Add((content[start..], -1));
        _frame.Clear();
        _inFrame.Clear();
        _frameBytes = 0;
    }
}
