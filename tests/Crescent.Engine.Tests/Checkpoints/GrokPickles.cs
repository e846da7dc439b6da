using System.Buffers.Binary;
using System.IO.Compression;
using Crescent.Engine.Checkpoints.GrokPickle;

namespace Crescent.Tests.Checkpoints;

/// <summary>The pickles of <c>tests/golden/grok-pickle</c>, made by numpy and CPython.</summary>
internal static class GrokPickles
{
    public static byte[] Read(string name)
    {
        var path = System.IO.Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "grok-pickle", name);
        if (File.Exists(path))
        {
            return File.ReadAllBytes(path);
        }

        using var packed = new GZipStream(File.OpenRead(path + ".gz"), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>The values of the golden arrays: i % 251 − 125, exact in every type.</summary>
    public static byte[] Pattern(GrokType type, long count)
    {
        var bytes = new byte[count * type.Bytes()];
        for (var i = 0; i < count; i++)
        {
            var value = (i % 251) - 125;
            switch (type)
            {
                case GrokType.I8:
                    bytes[i] = (byte)value;
                    break;
                case GrokType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), value);
                    break;
                default:
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                    break;
            }
        }

        return bytes;
    }

    /// <summary>A golden array to write, its bytes given in uneven pieces.</summary>
    public static GrokPickleArray Array(GrokType type, params long[] shape) => new(type, shape, sink =>
    {
        var bytes = Pattern(type, shape.Aggregate(1L, (product, length) => product * length));
        for (var at = 0; at < bytes.Length; at += 1000)
        {
            sink(bytes.AsSpan(at, Math.Min(1000, bytes.Length - at)));
        }
    });

    public static GrokTensor Open(string path, Action<GrokTensor> use)
    {
        using var file = GrokFile.Open(path);
        use(file.Tensor);
        return file.Tensor;
    }
}
