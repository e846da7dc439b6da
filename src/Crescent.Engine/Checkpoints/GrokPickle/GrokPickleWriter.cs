namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>An array to be written.</summary>
/// <param name="Shape">Row-major, the contiguous axis last.</param>
/// <param name="Write">Gives the bytes, little-endian, when their turn comes.</param>
public sealed record GrokPickleArray(GrokType Type, IReadOnlyList<long> Shape, Action<TensorSink> Write);

/// <summary>
/// Writes arrays as the Grok-1 release has them, byte for byte as numpy 1 and CPython pickle them, so that Python reads them too. Payloads are streamed.
/// A file appears under its name when it is complete.
/// </summary>
public static class GrokPickleWriter
{
    private const int MaxRank = 8;

    /// <summary>Writes a plain array.</summary>
    /// <param name="progress">Receives the bytes of arrays written so far.</param>
    /// <exception cref="ArgumentException">The shape cannot be stored.</exception>
    /// <exception cref="IOException">The drive has too little room, or the file cannot be written; nothing is left behind.</exception>
    public static void Write(string path, GrokPickleArray array, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        Write(path, Layout(array), [array], progress, cancellationToken);

    /// <summary>Writes a <c>QuantizedWeight8bit</c>: 8-bit weights with their scales.</summary>
    /// <param name="progress">Receives the bytes of arrays written so far.</param>
    /// <exception cref="ArgumentException">A shape or type cannot be stored.</exception>
    /// <exception cref="IOException">The drive has too little room, or the file cannot be written; nothing is left behind.</exception>
    public static void WriteQuantized(string path, GrokPickleArray weight, GrokPickleArray scales, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        Write(path, LayoutQuantized(weight, scales), [weight, scales], progress, cancellationToken);

    internal static PickleLayout Layout(GrokPickleArray array)
    {
        var layout = new PickleLayout();
        Array(layout, array, payload: 0);
        layout.Stop();
        return layout;
    }

    internal static PickleLayout LayoutQuantized(GrokPickleArray weight, GrokPickleArray scales)
    {
        if (weight.Type != GrokType.I8 || scales.Type == GrokType.I8)
        {
            throw new ArgumentException($"expected I8 weights with BF16 or F32 scales, found {weight.Type} with {scales.Type}", nameof(weight));
        }

        var layout = new PickleLayout();
        layout.Global("__main__", "QuantizedWeight8bit");
        layout.Tuple(0, static () => { });
        layout.Opcode(PickleOpcode.NewObj);
        layout.Memoize();
        layout.Constant(PickleOpcode.EmptyDict);
        layout.Memoize();
        layout.Opcode(PickleOpcode.Mark);
        layout.Text("weight");
        Array(layout, weight, payload: 0);
        layout.Text("scales");
        Array(layout, scales, payload: 1);
        layout.Opcode(PickleOpcode.SetItems);
        layout.Opcode(PickleOpcode.Build);
        layout.Stop();
        return layout;
    }

    private static void Write(string path, PickleLayout layout, GrokPickleArray[] arrays, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var writer = new TensorWriter(progress, cancellationToken);
        PartialFiles.Write(path, [path], layout.TotalBytes, PartialFiles.FreeBytes, (file, _) =>
        {
            foreach (var (bytes, payload) in layout.Pieces)
            {
                file.Write(bytes);
                if (payload >= 0)
                {
                    writer.Write(file, Path.GetFileName(path), PayloadBytes(arrays[payload]), padding: 0, arrays[payload].Write);
                }
            }
        });
    }

    private static long PayloadBytes(GrokPickleArray array)
    {
        if (array.Shape.Count is < 1 or > MaxRank || array.Shape.Any(length => length < 1))
        {
            throw new ArgumentException($"expected 1 to {MaxRank} lengths above 0, found [{string.Join(", ", array.Shape)}]", nameof(array));
        }

        return array.Shape.Aggregate((long)array.Type.Bytes(), (product, length) => checked(product * length));
    }

    // _reconstruct(ndarray, (0,), b'b') and its state (1, shape, dtype, False, bytes): see NumpyObjects.
    private static void Array(PickleLayout layout, GrokPickleArray array, int payload)
    {
        layout.Global("numpy.core.multiarray", "_reconstruct");
        layout.Tuple(3, () =>
        {
            layout.Global("numpy", "ndarray");
            layout.Tuple(1, () => layout.Integer(0));
            layout.Bytes("b'b'", "b"u8);
        });
        layout.Opcode(PickleOpcode.Reduce);
        layout.Memoize();
        layout.Tuple(5, () =>
        {
            layout.Integer(1);
            layout.Tuple(array.Shape.Count, () => array.Shape.ToList().ForEach(layout.Integer));
            DType(layout, array.Type);
            layout.Constant(PickleOpcode.NewFalse);
            layout.Payload(payload, PayloadBytes(array));
        });
        layout.Opcode(PickleOpcode.Build);
    }

    private static void DType(PickleLayout layout, GrokType type)
    {
        layout.Global("numpy", "dtype");
        layout.Tuple(3, () =>
        {
            if (type == GrokType.BF16)
            {
                layout.Global("ml_dtypes", "bfloat16");
            }
            else
            {
                layout.Text(type == GrokType.F32 ? "f4" : "i1");
            }

            layout.Constant(PickleOpcode.NewFalse);
            layout.Constant(PickleOpcode.NewTrue);
        });
        layout.Opcode(PickleOpcode.Reduce);
        layout.Memoize();
        layout.Tuple(8, () =>
        {
            // A type from outside of numpy keeps its size, alignment and flags (read and written through functions that need the interpreter).
            var (size, alignment, flags) = type == GrokType.BF16 ? (2, 2, 0x50) : (-1, -1, 0);
            layout.Integer(3);
            layout.Text(type == GrokType.I8 ? "|" : "<");
            layout.Constant(PickleOpcode.None);
            layout.Constant(PickleOpcode.None);
            layout.Constant(PickleOpcode.None);
            layout.Integer(size);
            layout.Integer(alignment);
            layout.Integer(flags);
        });
        layout.Opcode(PickleOpcode.Build);
    }
}
