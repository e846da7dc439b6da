using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Conversion;

/// <summary>A file that a conversion writes: a header, then pieces one after the other.</summary>
/// <param name="Header">What is written before the first piece.</param>
/// <param name="Pieces">In order, each beginning where the one before ends.</param>
internal sealed record OutputFile(string Path, byte[] Header, IReadOnlyList<OutputPiece> Pieces)
{
    /// <summary>Bytes of the whole file.</summary>
    public long Length => Header.LongLength + Pieces.Sum(piece => piece.Length);

    /// <summary>Writes what is only known at the end, anywhere in the file; null where nothing is.</summary>
    public Action<FileStream>? Finish { get; init; }

    /// <summary>Offset of a piece; of the piece after the last, the file's length.</summary>
    public long OffsetOf(int piece) => Header.LongLength + Pieces.Take(piece).Sum(before => before.Length);
}

/// <summary>Some bytes that are written, or written again, as a whole: a tensor.</summary>
/// <param name="Length">Bytes, padding included.</param>
internal sealed record OutputPiece(string Name, long Length, Action<TensorSink, CancellationToken> Write)
{
    /// <summary>Writes what is known once the piece is made, anywhere before it in the file; null where nothing is.</summary>
    public Action<FileStream>? Finish { get; init; }
}
