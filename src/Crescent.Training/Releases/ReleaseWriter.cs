using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Engine.Checkpoints.Safetensors;
using Crescent.Kernels.Training;
using Crescent.Training.Models;
using Crescent.Training.Parameters;

namespace Crescent.Training.Releases;

/// <summary>
/// Writes a trained model as a published folder: safetensors under the names of the release, <c>config.json</c>, and the tokenizer's files. Weights are stored in
/// the form that the loss saw: experts as codes of INT4, other matrices in bfloat16, norms in float32; or all in float32.
/// </summary>
public static class ReleaseWriter
{
    private const int Piece = 1 << 16;

    /// <param name="tokenizerFolder">Folder of <c>tiktoken.model</c> and <c>tokenizer_config.json</c>; null leaves them out.</param>
    /// <param name="name">The model's name; null for that of its folder.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(TrainingModel model, string folder, ControlTokens control, string? tokenizerFolder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "config.json"), ReleaseConfig.Write(model.Shape, control, model.IsRounded, name));
        File.WriteAllBytes(Path.Combine(folder, "generation_config.json"), ReleaseConfig.WriteGeneration(control));
        foreach (var file in tokenizerFolder is null ? [] : new[] { "tiktoken.model", "tokenizer_config.json" })
        {
            File.Copy(Path.Combine(tokenizerFolder!, file), Path.Combine(folder, file), overwrite: true);
        }

        var writer = new SafetensorsWriter().Set("format", "pt");
        foreach (var parameter in model.Parameters)
        {
            for (var i = 0; i < parameter.Count; i++)
            {
                Add(writer, parameter, i);
            }
        }

        AddBiases(writer, model);
        writer.Write(Path.Combine(folder, "model.safetensors"));
    }

    private static void AddBiases(SafetensorsWriter writer, TrainingModel model)
    {
        for (var layer = 0; layer < model.Layers.Count; layer++)
        {
            if (model.Layers[layer].RouterBias is { } bias)
            {
                writer.AddTensor(
                    $"{DeepSeekNames.Layer(layer)}.{DeepSeekNames.FeedForward}.{DeepSeekNames.RouterBias}", SafetensorsType.F32, [bias.Length], sink => sink(MemoryMarshal.AsBytes(bias.AsSpan())));
            }
        }
    }

    private static void Add(SafetensorsWriter writer, Parameter parameter, int index)
    {
        if (parameter.Form == RoundedForm.Int4)
        {
            AddInt4(writer, parameter, index);
            return;
        }

        var isHalf = parameter.Form == RoundedForm.BFloat16;
        long[] shape = parameter.Role == ParameterRole.Norm ? [parameter.Columns] : [parameter.Rows, parameter.Columns];
        writer.AddTensor(parameter.NameOf(index), isHalf ? SafetensorsType.BF16 : SafetensorsType.F32, shape, sink =>
        {
            var half = new byte[isHalf ? Piece * sizeof(ushort) : 0];
            for (var first = 0L; first < parameter.MatrixLength; first += Piece)
            {
                var values = parameter.Values.Span((index * parameter.MatrixLength) + first, (int)Math.Min(Piece, parameter.MatrixLength - first));
                if (isHalf)
                {
                    BFloat16Rounding.Encode(values, half);
                }

                sink(isHalf ? half.AsSpan(0, values.Length * sizeof(ushort)) : MemoryMarshal.AsBytes(values));
            }
        });
    }

    // Eight codes an int32, a bfloat16 scale for 32 values, and the shape.
    private static void AddInt4(SafetensorsWriter writer, Parameter parameter, int index)
    {
        var name = parameter.NameOf(index)[..^"weight".Length];
        var groups = parameter.Columns / Int4Rounding.Group;
        writer.AddTensor($"{name}weight_packed", SafetensorsType.I32, [parameter.Rows, parameter.Columns / 8], sink => WriteRows(sink, parameter, index, isCodes: true));
        writer.AddTensor($"{name}weight_scale", SafetensorsType.BF16, [parameter.Rows, groups], sink => WriteRows(sink, parameter, index, isCodes: false));
        writer.AddTensor($"{name}weight_shape", SafetensorsType.I32, [2], sink =>
        {
            Span<byte> bytes = stackalloc byte[2 * sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, parameter.Rows);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[sizeof(int)..], parameter.Columns);
            sink(bytes);
        });
    }

    private static void WriteRows(TensorSink sink, Parameter parameter, int index, bool isCodes)
    {
        var (codes, scales) = (new byte[parameter.Columns / 2], new byte[parameter.Columns / Int4Rounding.Group * sizeof(ushort)]);
        for (var row = 0L; row < parameter.Rows; row++)
        {
            Int4Rounding.Encode(parameter.Values.Span((index * parameter.MatrixLength) + (row * parameter.Columns), parameter.Columns), codes, scales);
            sink(isCodes ? codes : scales);
        }
    }
}
