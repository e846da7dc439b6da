using System.Runtime.InteropServices;

namespace Crescent.Engine.Runtime.Scoring;

/// <summary>Logits of every position of a text run as a whole, bare little-endian float32 [tokens, vocab]: nothing but its size says that it belongs to the text.</summary>
public sealed class RawLogitsFile(FileStream stream, int vocab) : IBaseLogits
{
    private readonly FileStream _stream = stream;
    private readonly float[] _row = new float[vocab];
    private int _start;

    public void Begin(ReadOnlySpan<int> tokens, in ScoringWindow window) => _start = window.Start;

    public ReadOnlySpan<float> Row(int position, CancellationToken cancellation)
    {
        _stream.Position = ((long)_start + position) * _row.Length * sizeof(float);
        _stream.ReadExactly(MemoryMarshal.AsBytes(_row.AsSpan()));
        return _row;
    }

    public void Dispose() => _stream.Dispose();
}
