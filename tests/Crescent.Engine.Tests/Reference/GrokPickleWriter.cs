using System.Text;

namespace Crescent.Tests.Reference;

/// <summary>
/// Pickles as CPython (protocol 4) and numpy write them for Grok-1's release, byte for byte where payloads are below 64 KiB in sum or each above: a
/// float32 ndarray, or a QuantizedWeight8bit of an int8 and a bfloat16 ndarray.
/// </summary>
internal sealed class GrokPickleWriter
{
    // Bytes from this length on stand outside of frames.
    private const int FrameTarget = 1 << 16;

    // PROTO 4.
    private readonly List<byte> _file = [0x80, 4];
    private readonly List<byte> _frame = [];

    private GrokPickleWriter()
    {
    }

    public static byte[] Array(int[] shape, float[] values)
    {
        var pickle = new GrokPickleWriter();
        pickle.Global("numpy.core.multiarray", "_reconstruct").Global("numpy", "ndarray").NewArray(shape);
        // The string "numpy" is memoised as number 3.
        pickle.Write([0x68, 3]).Text("dtype").Write([0x93, 0x94]);
        return pickle.Type("f4", "<").Payload([.. values.SelectMany(BitConverter.GetBytes)]).Write("."u8).Finish();
    }

    /// <param name="codes">Signed bytes.</param>
    /// <param name="scales">bfloat16.</param>
    public static byte[] Quantized(int[] shape, byte[] codes, int[] scaleShape, byte[] scales)
    {
        var pickle = new GrokPickleWriter();
        pickle.Global("__main__", "QuantizedWeight8bit").Write([0x29, 0x81, 0x94, 0x7D, 0x94, 0x28]).Text("weight");
        pickle.Global("numpy.core.multiarray", "_reconstruct").Global("numpy", "ndarray").NewArray(shape);
        pickle.Write([0x68, 9]).Text("dtype").Write([0x93, 0x94]).Type("i1", "|").Payload(codes);
        // What the first array has memoised: 8 _reconstruct, 11 ndarray, 13 b"b", 18 dtype.
        pickle.Text("scales").Write([0x68, 8, 0x68, 11, 0x4B, 0, 0x85, 0x94, 0x68, 13, 0x87, 0x94, 0x52, 0x94]).Shape(scaleShape);
        pickle.Write([0x68, 18]).Global("ml_dtypes", "bfloat16").TypeState("<", extended: true).Payload(scales);
        return pickle.Write("ub."u8).Finish();
    }

    // STACK_GLOBAL of two new strings.
    private GrokPickleWriter Global(string module, string name) => Text(module).Text(name).Write([0x93, 0x94]);

    // SHORT_BINUNICODE.
    private GrokPickleWriter Text(string text) => Write([0x8C, (byte)text.Length, .. Encoding.ASCII.GetBytes(text), 0x94]);

    // _reconstruct(ndarray, (0,), b"b"), then the beginning of its state: (1, shape.
    private GrokPickleWriter NewArray(int[] shape) => Write([0x4B, 0, 0x85, 0x94, 0x43, 1, (byte)'b', 0x94, 0x87, 0x94, 0x52, 0x94]).Shape(shape);

    private GrokPickleWriter Shape(int[] shape)
    {
        Write([0x28, 0x4B, 1]);
        foreach (var length in shape)
        {
            Write(length < 256 ? [0x4B, (byte)length] : length < 65536 ? [0x4D, .. BitConverter.GetBytes((ushort)length)] : [0x4A, .. BitConverter.GetBytes(length)]);
        }

        // TUPLE1 to TUPLE3.
        return Write([(byte)(0x84 + shape.Length), 0x94]);
    }

    private GrokPickleWriter Type(string name, string order) => Text(name).TypeState(order, extended: false);

    // (name or class, False, True), then the state (3, order, None, None, None, size, alignment, 0); a user's type gives its size, others -1.
    private GrokPickleWriter TypeState(string order, bool extended)
    {
        Write([0x89, 0x88, 0x87, 0x94, 0x52, 0x94, 0x28, 0x4B, 3]).Text(order).Write("NNN"u8);
        Write(extended ? [0x4B, 2, 0x4B, 2] : [0x4A, 255, 255, 255, 255, 0x4A, 255, 255, 255, 255]);
        return Write([0x4B, 0, 0x74, 0x94, 0x62]);
    }

    // False (not Fortran order), the bytes; the state is complete and set.
    private GrokPickleWriter Payload(byte[] bytes)
    {
        Write([0x89]);
        byte[] opening = bytes.Length < 256 ? [0x43, (byte)bytes.Length] : [0x42, .. BitConverter.GetBytes(bytes.Length)];
        if (bytes.Length >= FrameTarget)
        {
            EndFrame();
            _file.AddRange(opening);
            _file.AddRange(bytes);
        }
        else
        {
            Write(opening).Write(bytes);
        }

        return Write([0x94, 0x74, 0x94, 0x62]);
    }

    private GrokPickleWriter Write(ReadOnlySpan<byte> bytes)
    {
        _frame.AddRange(bytes);
        return this;
    }

    private void EndFrame()
    {
        _file.AddRange([0x95, .. BitConverter.GetBytes((long)_frame.Count), .. _frame]);
        _frame.Clear();
    }

    private byte[] Finish()
    {
        EndFrame();
        return [.. _file];
    }
}
