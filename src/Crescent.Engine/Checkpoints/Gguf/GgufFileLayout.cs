namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>A file that a <see cref="GgufWriter"/> makes: the header, then the tensors one after the other.</summary>
internal sealed record GgufFileLayout(string Path, byte[] Header, IReadOnlyList<GgufTensorLayout> Tensors)
{
    /// <summary>Bytes of the whole file.</summary>
    public long Length => Header.LongLength + Tensors.Sum(tensor => tensor.Bytes + tensor.Padding);
}

/// <param name="Padding">Zeros after the bytes.</param>
internal sealed record GgufTensorLayout(string Name, long Bytes, int Padding, Action<TensorSink> Write);
