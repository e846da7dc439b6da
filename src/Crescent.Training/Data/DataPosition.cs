namespace Crescent.Training.Data;

/// <summary>Where a run stands in its data.</summary>
public sealed record DataPosition(SourcePosition[] Sources);

/// <summary>Where it stands in one source.</summary>
/// <param name="Epoch">Passes done.</param>
/// <param name="Index">Documents of this pass done, in its order.</param>
/// <param name="Offset">Tokens of the document done.</param>
/// <param name="Served">Tokens given so far.</param>
public sealed record SourcePosition(int Epoch, int Index, int Offset, long Served);
