using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Weights;
using Crescent.Kernels;

namespace Crescent.Engine.Models;

/// <summary>
/// A checkpoint of the same model in smaller types, whose experts stand in for missing ones. It must have the model's architecture and expert shapes, and its
/// last norm, which conversions keep: that tells another model of the same shape.
/// </summary>
internal sealed class LowPrecisionCopies : IDisposable
{
    private const string Norm = "output_norm.weight";
    private const float Rounding = 1f / 128; // of a norm that was stored in bfloat16

    private LowPrecisionCopies(Checkpoint checkpoint, TensorSource tensors) => (Checkpoint, Tensors) = (checkpoint, tensors);

    public Checkpoint Checkpoint { get; }

    public TensorSource Tensors { get; }

    /// <param name="tensors">The model's own.</param>
    /// <exception cref="CheckpointException">It cannot be opened, or is another model's.</exception>
    public static LowPrecisionCopies Open(string path, GgufMetadata metadata, TensorSource tensors, IsaLevel isa)
    {
        var checkpoint = Checkpoint.Open(path);
        try
        {
            var copies = new LowPrecisionCopies(checkpoint, new TensorSource(checkpoint.Tensors, checkpoint.Path, isa));
            copies.RequireSameModel(metadata, tensors);
            return copies;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public void Dispose() => Checkpoint.Dispose();

    private void RequireSameModel(GgufMetadata metadata, TensorSource tensors)
    {
        var (expected, found) = (Architecture(metadata), Architecture(Checkpoint.Metadata));
        if (expected != found)
        {
            throw new CheckpointException($"{Checkpoint.Path}: expected copies of a model of architecture '{expected}', found '{found}'");
        }

        if (tensors.ShapeOf(Norm) is not [var width])
        {
            return; // the model itself will be refused for it
        }

        var (own, other) = (tensors.Vector(Norm, width), Tensors.Vector(Norm, width));
        for (var i = 0; i < own.Length; i++)
        {
            if (!(MathF.Abs(own[i] - other[i]) <= Rounding * MathF.Abs(own[i])))
            {
                throw new CheckpointException($"{Checkpoint.Path}: expected copies of the same model, found another: value {i} of '{Norm}' is {other[i]}, not {own[i]}");
            }
        }
    }

    private static string Architecture(GgufMetadata metadata) => metadata.TryGetString("general.architecture", out var name) ? name : "";
}
