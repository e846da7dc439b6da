using System.Runtime.InteropServices;
using Crescent.Kernels;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints;

/// <summary>Owns the few tensors that are computed from a checkpoint's instead of mapped.</summary>
/// <param name="path">The checkpoint's path, for messages.</param>
internal sealed class HeldValues(string path) : IDisposable
{
    private readonly string _path = path;
    private readonly List<AlignedBuffer<byte>> _buffers = [];

    /// <summary>Keeps float32 values as a tensor without a name.</summary>
    public CheckpointTensor Hold(float[] values, long[] shape)
    {
        var bytes = MemoryMarshal.AsBytes<float>(values);
        var buffer = new AlignedBuffer<byte>(bytes.Length, clear: false);
        bytes.CopyTo(buffer.Span(0, bytes.Length));
        _buffers.Add(buffer);
        return new CheckpointTensor("", DType.F32, shape, [new TensorPart(buffer.Bytes, default, _path, 0) { IsMapped = false }]);
    }

    public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());
}
