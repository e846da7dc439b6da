namespace Crescent.Tests.Reference.Tiny;

/// <summary>A tiny model in the form of Grok-1's release: enough layers that their order as strings shows, scales in groups.</summary>
internal static class TinyGrok1
{
    private const int Layers = 11;
    // Readers of the release know heads by this length alone.
    private const int HeadDim = 128;
    private const int Heads = 2;
    private const int KvHeads = 1;
    private const int Hidden = Heads * HeadDim;
    private const int Experts = 4;

    /// <summary>The release's constants, but for the one that comes from the hidden size.</summary>
    public static Grok1ReferenceConfig Config { get; } = new(Layers, Heads, KvHeads, HeadDim, Experts)
    {
        EmbeddingMultiplier = Math.Sqrt(Hidden),
    };

    public static GrokPickleSizes Sizes { get; } = new(Layers, TinyGguf.Vocab, Hidden, KvHeads * HeadDim, Experts, Width: 128);

    // After the sizes that it is made from.
    private static readonly RandomTensors s_tensors = Tensors();

    /// <summary>Decoded values, in the release's layout: a <see cref="TensorReader"/>.</summary>
    public static double[] Read(string name)
    {
        var (shape, groups) = Of(name);
        return groups == 0
            ? s_tensors.Read(name)
            : Decoding.GrokInt8.Decode(Codes(name), shape[^2], shape[^1], Decoding.PlainFloats.Decode("BF16", Scales(name)));
    }

    /// <summary>Writes every file of the release into <paramref name="folder"/>.</summary>
    public static void Write(string folder)
    {
        for (var number = 0; number < 2 + (Layers * Grok1Reference.TensorsPerLayer); number++)
        {
            var name = $"tensor{number:D5}_000";
            var (shape, groups) = Of(name);
            var bytes = groups == 0
                ? GrokPickleWriter.Array(shape, [.. s_tensors.Read(name).Select(value => (float)value)])
                : GrokPickleWriter.Quantized(shape, Codes(name), ScaleShape(shape, groups), Scales(name));
            File.WriteAllBytes(Path.Combine(folder, name), bytes);
        }
    }

    private static RandomTensors Tensors()
    {
        var tensors = new RandomTensors().Matrix("tensor00000_000", Of("tensor00000_000").Shape, 2).Norm("tensor00001_000", Hidden);
        for (var number = 2; number < 2 + (Layers * Grok1Reference.TensorsPerLayer); number++)
        {
            var name = $"tensor{number:D5}_000";
            var (shape, groups) = Of(name);
            if (shape.Length == 1)
            {
                tensors.Norm(name, shape[0]);
            }
            else if (groups == 0)
            {
                // The router: [in, out].
                tensors.Values(name, shape, 0, 2 * Math.Sqrt(3.0 / shape[0]));
            }
            else
            {
                var scale = Math.Sqrt(3.0 / shape[^2]) / 127;
                tensors.Values(name, shape, 0, 127).Values(name + "/scales", ScaleShape(shape, groups), scale, scale / 2);
            }
        }

        return tensors;
    }

    private static (int[] Shape, int Groups) Of(string name) => Sizes.Of(int.Parse(name.AsSpan("tensor".Length, 5)));

    private static int[] ScaleShape(int[] shape, int groups) => [.. shape[..^2], groups, shape[^1]];

    private static byte[] Codes(string name) => [.. s_tensors.Read(name).Select(value => unchecked((byte)(sbyte)Math.Round(value)))];

    // bfloat16, cut.
    private static byte[] Scales(string name) =>
        [.. s_tensors.Read(name + "/scales").SelectMany(value => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16)))];
}
