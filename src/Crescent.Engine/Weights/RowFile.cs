using System.Buffers;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;
using Microsoft.Win32.SafeHandles;

namespace Crescent.Engine.Weights;

/// <summary>
/// A table whose rows are looked up in its file, one read a row: of the embedding of a vocabulary few rows are ever wanted. Thread-safe.
/// </summary>
public sealed class RowFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly CheckpointTensor _tensor;
    private readonly long _offset;
    private readonly int _rowBytes;

    private RowFile(SafeFileHandle handle, CheckpointTensor tensor, long offset, int rowBytes)
    {
        (_handle, _tensor, _offset, _rowBytes) = (handle, tensor, offset, rowBytes);
    }

    /// <summary>Whether a tensor's rows follow each other in one file.</summary>
    public static bool CanRead(CheckpointTensor tensor) => tensor.Parts is [{ IsMapped: true, RowStep: 1, Scales.Length: 0 }] && !tensor.DType.HasSplitScales();

    /// <param name="mappings">Files, one of which holds the tensor.</param>
    /// <param name="columns">Values of a row.</param>
    /// <returns>Null where the rows do not follow each other in one file.</returns>
    /// <exception cref="CheckpointException">The file cannot be opened.</exception>
    public static RowFile? Open(CheckpointTensor tensor, IReadOnlyList<MappedFile> mappings, int columns)
    {
        if (!CanRead(tensor) || mappings.FirstOrDefault(mapping => mapping.OffsetOf(tensor.Parts[0].Codes) is not null) is not { } mapping)
        {
            return null;
        }

        try
        {
            var handle = File.OpenHandle(mapping.Path, options: FileOptions.RandomAccess);
            return new RowFile(handle, tensor, mapping.OffsetOf(tensor.Parts[0].Codes)!.Value, (int)tensor.DType.Layout().RowBytes(columns));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{mapping.Path}: cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Reads and decodes a row.</summary>
    /// <exception cref="IOException">The file has become shorter, or cannot be read.</exception>
    public void Read(int row, Span<float> values)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_rowBytes);
        try
        {
            var bytes = buffer.AsSpan(0, _rowBytes);
            var offset = _offset + ((long)row * _rowBytes);
            for (var done = 0; done < bytes.Length;)
            {
                var read = RandomAccess.Read(_handle, bytes[done..], offset + done);
                done += read > 0 ? read : throw new IOException($"{_tensor.File}: expected row {row} of '{_tensor.Name}' at byte {offset}, found the end of the file after {done} of its {_rowBytes} bytes");
            }

            RowCodec.Decode(_tensor.DType, bytes, values);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => _handle.Dispose();
}
