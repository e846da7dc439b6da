using System.Runtime.InteropServices;
using Crescent.Engine.Models;

namespace Crescent.Engine.Runtime.Scoring;

/// <summary>
/// The same model without its lossy helps. A window is run whole before its first row is asked for, and its logits wait in a temporary file: step by step
/// beside the lossy run, it would bring the very experts into memory that the other does without.
/// </summary>
public sealed class ExactBase : IBaseLogits
{
    private readonly LanguageModel _model;
    private readonly CancellationToken _cancellation;
    private readonly FileStream _stream;
    private readonly float[] _row; // [vocab]
    private int _firstRow;

    /// <exception cref="IOException">There is no place for the file.</exception>
    public ExactBase(LanguageModel model, CancellationToken cancellation = default)
    {
        (_model, _cancellation) = (model, cancellation);
        _row = new float[model.Shape.Vocab];
        var path = Path.Combine(Path.GetTempPath(), $"crescent-{Path.GetRandomFileName()}.logits");
        _stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
    }

    private long RowBytes => (long)_row.Length * sizeof(float);

    public void Begin(ReadOnlySpan<int> tokens, in ScoringWindow window)
    {
        var lossy = _model.Lossy;
        _model.Lossy = null;
        _firstRow = window.FirstScored;
        _stream.SetLength(0);
        try
        {
            Scorer.Run(_model, tokens[..^1], Math.Min(_model.Batch.MaxTokens, tokens.Length), (_, logits) => _stream.Write(MemoryMarshal.AsBytes(logits)), _firstRow, _cancellation);
        }
        finally
        {
            _model.Lossy = lossy;
        }
    }

    public ReadOnlySpan<float> Row(int position, CancellationToken cancellation)
    {
        _stream.Position = (position - _firstRow) * RowBytes;
        _stream.ReadExactly(MemoryMarshal.AsBytes(_row.AsSpan()));
        return _row;
    }

    public void Dispose() => _stream.Dispose();
}
