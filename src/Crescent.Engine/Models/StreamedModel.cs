using Crescent.Engine.Experts;
using Crescent.Engine.Weights;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models;

/// <summary>What of a model is read from the drive while it runs: experts as layers need them, rows of the embedding as tokens come.</summary>
public sealed class StreamedModel : IDisposable
{
    private const long FirstStepBytes = 64L << 20; // compiled code, and what the runtime sets aside as it begins to work

    private readonly EmbeddingRows _embedding;
    private readonly LowPrecisionCopies? _copies;
    private int _mostRows;

    internal StreamedModel(ExpertStore experts, EmbeddingRows embedding, long scratchRowBytes, LowPrecisionCopies? copies)
    {
        ScratchRowBytes = scratchRowBytes;
        (Experts, _embedding, _copies) = (experts, embedding, copies);
    }

    public ExpertStore Experts { get; }

    /// <summary>Scratch that a step touches for each of its tokens, bytes.</summary>
    public long ScratchRowBytes { get; }

    /// <summary>Measures memory, and lets slots give way to what a larger step than any before will touch.</summary>
    internal void BeginStep(int rows)
    {
        var expected = (Math.Max(0, rows - _mostRows) * ScratchRowBytes) + (_mostRows == 0 ? FirstStepBytes : 0);
        _mostRows = Math.Max(rows, _mostRows);
        Experts.BeginStep(ResidentSet.Bytes, expected);
    }

    /// <summary>A token's row of the embedding.</summary>
    /// <exception cref="WeightReadException">It cannot be read.</exception>
    internal void ReadEmbedding(int token, Span<float> values)
    {
        try
        {
            _embedding.Read(token, values);
        }
        catch (IOException exception)
        {
            throw new WeightReadException(exception.Message, exception);
        }
    }

    public void Dispose()
    {
        Experts.Dispose();
        _embedding.Dispose();
        _copies?.Dispose();
    }
}
