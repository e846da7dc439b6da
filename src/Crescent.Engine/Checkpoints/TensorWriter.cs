namespace Crescent.Engine.Checkpoints;

/// <summary>Streams tensors into files, holding each to its length.</summary>
/// <param name="progress">Receives the bytes of tensors written so far.</param>
internal sealed class TensorWriter(IProgress<long>? progress, CancellationToken cancellationToken)
{
    private const int MaxPadding = 64;
    private long _written;

    /// <param name="bytes">The bytes that <paramref name="write"/> must give.</param>
    /// <param name="padding">Zeros after them.</param>
    /// <exception cref="InvalidOperationException">The callback gave another number of bytes.</exception>
    public void Write(FileStream file, string name, long bytes, int padding, Action<TensorSink> write)
    {
        var (start, before) = (file.Position, _written);
        write(piece =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (file.Position - start + piece.Length > bytes)
            {
                throw new InvalidOperationException($"tensor '{name}': expected {bytes} bytes, found more");
            }

            file.Write(piece);
            progress?.Report(before + file.Position - start);
        });
        if (file.Position - start != bytes)
        {
            throw new InvalidOperationException($"tensor '{name}': expected {bytes} bytes, found {file.Position - start}");
        }

        ReadOnlySpan<byte> zeros = stackalloc byte[MaxPadding];
        file.Write(zeros[..padding]);
        _written += bytes + padding;
        cancellationToken.ThrowIfCancellationRequested();
    }
}
