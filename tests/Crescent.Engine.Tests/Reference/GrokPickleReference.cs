using Crescent.Tests.Reference.Decoding;

namespace Crescent.Tests.Reference;

/// <summary>Sizes of a model in the form of Grok-1's release.</summary>
/// <param name="Groups">Groups of inputs with scales of their own, in the two matrices that were split by inputs.</param>
internal sealed record GrokPickleSizes(int Layers, int Vocab, int Hidden, int KeyValueWidth, int Experts, int Width, int Groups = 8)
{
    /// <summary>Shape of a layer's tensor and the groups of its scales; no groups: float32.</summary>
    public (int[] Shape, int Groups) Layer(int tensor) => tensor switch
    {
        Grok1Reference.Gate or Grok1Reference.Up => ([Experts, Hidden, Width], 1),
        Grok1Reference.Down => ([Experts, Width, Hidden], Groups),
        Grok1Reference.Key or Grok1Reference.Value => ([Hidden, KeyValueWidth], 1),
        Grok1Reference.Output => ([Hidden, Hidden], Groups),
        Grok1Reference.Query => ([Hidden, Hidden], 1),
        Grok1Reference.Router => ([Hidden, Experts], 0),
        _ => ([Hidden], 0),
    };

    /// <summary>The same of a file by its number.</summary>
    public (int[] Shape, int Groups) Of(int number) => number switch
    {
        0 => ([Vocab, Hidden], 0),
        1 => ([Hidden], 0),
        _ => Layer((number - 2) % Grok1Reference.TensorsPerLayer),
    };
}

/// <summary>
/// Values of the pickles of Grok-1's release without reading pickles: a payload is known by its length, which its shape gives, and stands after an
/// opcode for bytes with that length.
/// </summary>
internal sealed class GrokPickleReference(string folder, GrokPickleSizes sizes)
{
    /// <summary>A <see cref="TensorReader"/> by file name, in the release's layout.</summary>
    public double[] Read(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(folder, name));
        var (shape, groups) = sizes.Of(int.Parse(name.AsSpan("tensor".Length, 5)));
        var count = shape.Aggregate(1, (product, length) => product * length);
        if (groups == 0)
        {
            return PlainFloats.Decode("F32", bytes[Payload(bytes, 4 * count, 0)]);
        }

        var (inputs, outputs) = (shape[^2], shape[^1]);
        var codes = Payload(bytes, count, 0);
        var scales = Payload(bytes, 2 * (count / inputs) * groups, codes.End.Value);
        return GrokInt8.Decode(bytes[codes], inputs, outputs, PlainFloats.Decode("BF16", bytes[scales]));
    }

    // SHORT_BINBYTES, BINBYTES or BINBYTES8 with this length, after which the payload is memoised.
    private static Range Payload(byte[] bytes, int length, int from)
    {
        byte[][] openings = length < 256 ? [[0x43, (byte)length]] : [[0x42, .. BitConverter.GetBytes(length)], [0x8E, .. BitConverter.GetBytes((long)length)]];
        for (var at = from; at < bytes.Length; at++)
        {
            foreach (var opening in openings)
            {
                var end = at + opening.Length + length;
                if (end < bytes.Length && bytes.AsSpan(at).StartsWith(opening) && bytes[end] is 0x94 or 0x95)
                {
                    return (at + opening.Length)..end;
                }
            }
        }

        throw new InvalidDataException($"expected a payload of {length} bytes, found none");
    }
}
