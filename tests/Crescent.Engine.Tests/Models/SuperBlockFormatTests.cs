using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>A small model whose matrices are random blocks of a format, from file to logits.</summary>
public sealed class SuperBlockFormatTests
{
    private const int Layers = 2;
    private const double WorstCosine = 0.998; // as for the golden models

    private static readonly int[] s_tokens = [.. Enumerable.Range(0, 24).Select(i => 3 + ((i * 37) % 500))];

    public static TheoryData<DType> Formats => [.. RowCodec.Supported.Where(dtype => dtype.Layout().BlockLength == 256)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_model_runs_as_its_decoded_weights_do(DType dtype)
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("blocks.gguf"), dtype, decoded: false);
        Write(folder.File("floats.gguf"), dtype, decoded: true);
        var expected = Score(folder.File("floats.gguf"), ActivationType.F32, out var vocab);
        Logits.AssertSameBits(expected, Score(folder.File("blocks.gguf"), ActivationType.F32, out _), $"{dtype}");
        var cosines = Logits.Cosines(expected, Score(folder.File("blocks.gguf"), ActivationType.Int8, out _), vocab);
        Assert.True(cosines.Min() >= WorstCosine, $"worst row cosine with 8-bit activations: expected at least {WorstCosine}, found {cosines.Min()}");
    }

    private static float[] Score(string path, ActivationType activations, out int vocab)
    {
        using var model = LoadedModel.OpenFile(path, LoadedModel.Plain with { Activations = activations });
        vocab = model.Vocab;
        return model.Score(s_tokens, s_tokens.Length);
    }

    private static void Write(string path, DType dtype, bool decoded)
    {
        Assert.True(SynthPreset.TryGet("tiny-llama-3.2-1b", out var preset));
        var shape = preset.Shape;
        var vocabulary = shape.Vocabulary();
        var writer = new GgufWriter().Set("general.architecture", shape.Architecture);
        shape.WriteMetadata(writer, Layers, vocabulary.Count);
        vocabulary.Write(writer);
        var random = new Random(7);
        foreach (var tensor in shape.Tensors(dtype, Layers, vocabulary.Count))
        {
            if (tensor.Role == SynthRole.Matrix)
            {
                Assert.Equal(dtype, tensor.DType);
                var bytes = RandomMatrix(dtype, tensor.Shape[0], tensor.Shape[1], random);
                writer.AddTensor(tensor.Name, decoded ? DType.F32 : dtype, tensor.Shape, sink => sink(decoded ? Decoded(dtype, bytes) : bytes));
            }
            else
            {
                writer.AddTensor(tensor.Name, tensor.DType, tensor.Shape, sink => tensor.Write(seed: 1, threads: 1, sink, CancellationToken.None));
            }
        }

        writer.Write(path, cancellationToken: TestContext.Current.CancellationToken);
    }

    // Scales of either sign and one size, such that the values' deviation is about 1/√columns.
    private static byte[] RandomMatrix(DType dtype, long rows, long columns, Random random)
    {
        var blockBytes = dtype.Layout().BlockBytes;
        var bytes = new byte[rows * dtype.Layout().RowBytes(columns)];
        random.NextBytes(bytes);
        Fill(1, 1);
        var sample = MemoryMarshal.Cast<byte, float>(Decoded(dtype, bytes.AsSpan(0, 64 * blockBytes))).ToArray();
        var deviation = Math.Sqrt(sample.Average(value => (double)value * value));
        var scale = 1 / (deviation * Math.Sqrt(columns));
        Fill(scale, scale);
        return bytes;

        void Fill(double scale, double min)
        {
            for (var block = 0; block < bytes.Length; block += blockBytes)
            {
                var sign = random.Next(2) == 0 ? -1 : 1;
                TestBlocks.SetScales(dtype, bytes.AsSpan(block, blockBytes), (Half)(sign * scale), (Half)(sign * min));
            }
        }
    }

    private static byte[] Decoded(DType dtype, ReadOnlySpan<byte> bytes)
    {
        var values = new float[bytes.Length / dtype.Layout().BlockBytes * dtype.Layout().BlockLength];
        RowCodec.Decode(dtype, bytes, values);
        return MemoryMarshal.AsBytes<float>(values).ToArray();
    }
}
