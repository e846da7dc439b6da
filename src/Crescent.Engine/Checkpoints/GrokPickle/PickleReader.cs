using System.Diagnostics.CodeAnalysis;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>
/// Walks a pickle's opcodes and keeps their stack and memo. Nothing is looked up or executed: <see cref="NumpyObjects"/> recognises the few names and
/// states that the release is made of, everything else is refused with its offset.
/// </summary>
internal sealed class PickleReader
{
    // A QuantizedWeight8bit takes about 130 opcodes, 40 memo entries and 15 places of the stack.
    private const int MaxOpcodes = 4096;
    private const int MaxMemo = 1024;
    private const int MaxStack = 128;

    private readonly PickleCursor _cursor;
    private readonly NumpyObjects _objects;
    private readonly List<PickleValue> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, PickleValue> _memo = [];
    private long _at; // where the current opcode begins

    private PickleReader(string path, ByteRegion bytes)
    {
        _cursor = new PickleCursor(path, bytes);
        _objects = new NumpyObjects(_cursor, bytes);
    }

    /// <summary>The object that the pickle describes.</summary>
    /// <exception cref="CheckpointException">The file is no pickle, is damaged, or names anything but arrays and their parts.</exception>
    public static PickleValue Read(string path, ByteRegion bytes)
    {
        var reader = new PickleReader(path, bytes);
        reader.ReadProtocol(bytes);
        for (var count = 0; count < MaxOpcodes; count++)
        {
            reader._at = reader._cursor.Position;
            var opcode = reader._cursor.Opcode();
            if (opcode == PickleOpcode.Stop)
            {
                return reader.Result();
            }

            reader.Step(opcode);
        }

        reader.Throw("pickle", $"at most {MaxOpcodes} opcodes", "more");
        return null;
    }

    private void ReadProtocol(ByteRegion bytes)
    {
        if (bytes.Length < 2 || _cursor.Opcode() != PickleOpcode.Proto)
        {
            _cursor.Throw(0, "file", "a Python pickle", bytes.Length == 0 ? "an empty file" : ForeignFormat.Describe(bytes));
        }

        var protocol = _cursor.Byte("protocol");
        if (protocol is < 2 or > 5)
        {
            _cursor.Throw(1, "protocol", "2 to 5", protocol.ToString());
        }
    }

    private PickleValue Result()
    {
        var result = Pop();
        if (_stack.Count > 0 || _marks.Count > 0 || _cursor.Remaining > 0)
        {
            Throw("end of the pickle", "one object, and nothing after it", $"{_stack.Count} more objects, {_cursor.Remaining} more bytes");
        }

        return result;
    }

    private void Step(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Frame: _cursor.BeginFrame(); break;
            case PickleOpcode.Mark: Mark(); break;
            case PickleOpcode.None: Push(new PickleNone()); break;
            case PickleOpcode.NewTrue: Push(new PickleBool(true)); break;
            case PickleOpcode.NewFalse: Push(new PickleBool(false)); break;
            case PickleOpcode.BinInt: Push(new PickleInteger(_cursor.Int32("integer"))); break;
            case PickleOpcode.BinInt1: Push(new PickleInteger(_cursor.Byte("integer"))); break;
            case PickleOpcode.BinInt2: Push(new PickleInteger(_cursor.UInt16("integer"))); break;
            case PickleOpcode.Long1: Push(new PickleInteger(_cursor.Integer(_cursor.Byte("length of an integer")))); break;
            case PickleOpcode.BinUnicode: Push(new PickleText(_cursor.Text(_cursor.UInt32("length of a string")))); break;
            case PickleOpcode.ShortBinUnicode: Push(new PickleText(_cursor.Text(_cursor.Byte("length of a string")))); break;
            case PickleOpcode.BinBytes: Push(_cursor.Payload(_cursor.UInt32("length of bytes"))); break;
            case PickleOpcode.ShortBinBytes: Push(_cursor.Payload(_cursor.Byte("length of bytes"))); break;
            case PickleOpcode.BinBytes8: Push(_cursor.Payload(_cursor.UInt64("length of bytes"))); break;
            case PickleOpcode.EmptyTuple: Push(new PickleTuple([])); break;
            case PickleOpcode.Tuple: Push(new PickleTuple(PopToMark())); break;
            case PickleOpcode.Tuple1: Push(new PickleTuple(Pop(1))); break;
            case PickleOpcode.Tuple2: Push(new PickleTuple(Pop(2))); break;
            case PickleOpcode.Tuple3: Push(new PickleTuple(Pop(3))); break;
            case PickleOpcode.EmptyDict: Push(new PickleDictionary()); break;
            case PickleOpcode.SetItem: SetItems(Pop(2)); break;
            case PickleOpcode.SetItems: SetItems(PopToMark()); break;
            case PickleOpcode.Global: Push(_objects.Global(_at, _cursor.Line(), _cursor.Line())); break;
            case PickleOpcode.StackGlobal: PushGlobal(Pop(2)); break;
            case PickleOpcode.Reduce: PushCall(Pop(2), _objects.Reduce); break;
            case PickleOpcode.NewObj: PushCall(Pop(2), _objects.New); break;
            case PickleOpcode.Build: Build(); break;
            case PickleOpcode.BinGet: Get(_cursor.Byte("memo index")); break;
            case PickleOpcode.LongBinGet: Get(_cursor.UInt32("memo index")); break;
            case PickleOpcode.BinPut: Put(_cursor.Byte("memo index")); break;
            case PickleOpcode.LongBinPut: Put(_cursor.UInt32("memo index")); break;
            case PickleOpcode.Memoize: Put(_memo.Count); break;
            default: Throw("opcode", "one that arrays are pickled with", $"0x{(byte)opcode:X2}"); break;
        }
    }

    private void Mark()
    {
        if (_marks.Count == MaxStack)
        {
            Throw("stack", $"at most {MaxStack} marks", "more");
        }

        _marks.Add(_stack.Count);
    }

    private void Push(PickleValue value)
    {
        if (_stack.Count == MaxStack)
        {
            Throw("stack", $"at most {MaxStack} values", "more");
        }

        _stack.Add(value);
    }

    private PickleValue Pop() => Pop(1)[0];

    private List<PickleValue> Pop(int count)
    {
        if (_stack.Count - (_marks.Count > 0 ? _marks[^1] : 0) < count)
        {
            Throw("stack", $"{count} values for the opcode", "fewer");
        }

        var values = _stack.GetRange(_stack.Count - count, count);
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private List<PickleValue> PopToMark()
    {
        if (_marks.Count == 0)
        {
            Throw("stack", "a mark for the opcode", "none");
        }

        var values = Pop(_stack.Count - _marks[^1]);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private void SetItems(List<PickleValue> values)
    {
        if (Pop() is not PickleDictionary dictionary || values.Count % 2 != 0)
        {
            Throw("dictionary", "pairs to put into one", $"{values.Count} values");
            return;
        }

        for (var i = 0; i < values.Count; i += 2)
        {
            if (values[i] is not PickleText key || !dictionary.Items.TryAdd(key.Value, values[i + 1]))
            {
                Throw("key of a dictionary", "text, each key once", values[i].ToString());
            }
        }

        Push(dictionary);
    }

    private void PushGlobal(List<PickleValue> names)
    {
        if (names is not [PickleText module, PickleText name])
        {
            Throw("name of a global", "two strings", $"{names[0]} and {names[1]}");
            return;
        }

        Push(_objects.Global(_at, module.Value, name.Value));
    }

    private void PushCall(List<PickleValue> values, Func<long, PickleValue, PickleValue, PickleValue> call) => Push(call(_at, values[0], values[1]));

    private void Build()
    {
        var values = Pop(2);
        _objects.Build(_at, values[0], values[1]);
        Push(values[0]);
    }

    private void Get(long index)
    {
        if (!_memo.TryGetValue(index, out var value))
        {
            Throw("memo index", $"one of {_memo.Count} that were stored", index.ToString());
        }

        Push(value!);
    }

    private void Put(long index)
    {
        if (_memo.Count == MaxMemo)
        {
            Throw("memo", $"at most {MaxMemo} values", "more");
        }

        var value = Pop();
        _memo[index] = value;
        Push(value);
    }

    [DoesNotReturn]
    private void Throw(string what, string expected, string found) => _cursor.Throw(_at, what, expected, found);
}
