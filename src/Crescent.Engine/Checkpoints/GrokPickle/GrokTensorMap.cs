using System.Runtime.InteropServices;
using Crescent.Kernels;

namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>Gives the release's numbered arrays GGUF's names and shapes. Matrices are stored input axis first: [in, out].</summary>
internal sealed class GrokTensorMap(GrokFolder folder, HeldValues held)
{
    private const int MostRouterBytes = 1 << 28; // it is copied; the release's has 196,608

    private readonly GrokFolder _folder = folder;
    private readonly HeldValues _held = held;

    public Dictionary<string, CheckpointTensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>A float32 array as it is.</summary>
    public void Vectors(string name, int index, int rank)
    {
        var tensor = _folder.Tensors[index];
        if (tensor.Weight.Type != GrokType.F32 || tensor.Weight.Shape.Count != rank || tensor.Scales is not null)
        {
            throw Unexpected(tensor, $"a float32 array of {rank} axes");
        }

        Tensors[name] = new CheckpointTensor(name, DType.F32, tensor.Weight.Shape, tensor.Weight.Bytes, tensor.File, tensor.Weight.Offset);
    }

    /// <summary>The router, float32 [hidden, experts], to [experts, hidden] in a copy: it is small, and its products must be exact.</summary>
    public void Router(string name, int index)
    {
        var tensor = _folder.Tensors[index];
        if (tensor.Weight is not { Type: GrokType.F32, Shape: [var hidden, var experts] } || tensor.Scales is not null || tensor.Weight.Bytes.Length > MostRouterBytes)
        {
            throw Unexpected(tensor, $"a float32 array [hidden, experts] of at most {MostRouterBytes} bytes");
        }

        var values = MemoryMarshal.Cast<byte, float>(tensor.Weight.Bytes.Span(0, (int)tensor.Weight.Bytes.Length));
        var transposed = new float[values.Length];
        for (var h = 0; h < hidden; h++)
        {
            for (var e = 0; e < experts; e++)
            {
                transposed[(e * hidden) + h] = values[(int)((h * experts) + e)];
            }
        }

        Tensors[name] = _held.Hold(transposed, [experts, hidden]) with { Name = name };
    }

    /// <summary>An INT8 matrix [in, out] with scales [groups, out].</summary>
    public void Matrix(string name, int index)
    {
        var tensor = _folder.Tensors[index];
        if (tensor is not { Weight: { Type: GrokType.I8, Shape: [var inputs, var outputs] }, Scales: { Type: GrokType.BF16, Shape: [var groups, var scaled] } }
            || scaled != outputs || groups < 1 || inputs % groups != 0)
        {
            throw Unexpected(tensor, "an INT8 matrix [in, out] with bfloat16 scales [groups of the input axis, out]");
        }

        Tensors[name] = new CheckpointTensor(
            name, DType.INT8_KN, [outputs, inputs], [new TensorPart(tensor.Weight.Bytes, tensor.Scales.Bytes, tensor.File, tensor.Weight.Offset)]);
    }

    /// <summary>INT8 experts [experts, in, out] with scales [experts, groups, out].</summary>
    public void Experts(string name, int index)
    {
        var tensor = _folder.Tensors[index];
        if (tensor is not { Weight: { Type: GrokType.I8, Shape: [var experts, var inputs, var outputs] }, Scales: { Type: GrokType.BF16, Shape: [var same, var groups, var scaled] } }
            || same != experts || scaled != outputs || groups < 1 || inputs % groups != 0)
        {
            throw Unexpected(tensor, "INT8 experts [experts, in, out] with bfloat16 scales [experts, groups of the input axis, out]");
        }

        var (codes, scales) = (inputs * outputs, groups * outputs * sizeof(ushort));
        Tensors[name] = new CheckpointTensor(
            name,
            DType.INT8_KN,
            [experts, outputs, inputs],
            [.. Enumerable.Range(0, (int)experts).Select(e =>
                new TensorPart(tensor.Weight.Bytes.Slice(e * codes, codes), tensor.Scales.Bytes.Slice(e * scales, scales), tensor.File, tensor.Weight.Offset + (e * codes)))]);
    }

    private static CheckpointException Unexpected(GrokTensor tensor, string expected) =>
        new($"{tensor.File}: offset {tensor.Weight.Offset}: expected {expected}, found {Show(tensor.Weight)}{(tensor.Scales is null ? "" : $" with scales {Show(tensor.Scales)}")}");

    private static string Show(GrokArray array) => $"{array.Type} [{string.Join(", ", array.Shape)}]";
}
