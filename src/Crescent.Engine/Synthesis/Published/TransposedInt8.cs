using System.Buffers.Binary;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.GrokPickle;

namespace Crescent.Engine.Synthesis.Published;

/// <summary>
/// A matrix, or a stack of them, as Grok-1's release has it: signed bytes [in, out] with bfloat16 scales [groups, out], the groups along the input axis. The
/// scale of a column and group is the smallest power of two that its tiles have, so the bytes are exact.
/// </summary>
/// <param name="values">[…, out, in]</param>
/// <param name="groups">Groups of the input axis; one where it is not divisible.</param>
/// <param name="isStack">Whether the arrays have an axis of matrices.</param>
internal sealed class TransposedInt8(SynthValues values, int groups, bool isStack)
{
    private const int Tile = SynthEncoder.TileLength;

    private readonly int _inputs = values.Columns;
    private readonly int _outputs = (int)values.MatrixRows;
    private readonly long _matrices = values.Rows / values.MatrixRows;
    private readonly int _groups = values.Columns % groups == 0 ? groups : 1;

    private int GroupLength => _inputs / _groups;

    public GrokPickleArray Weight(int threads, CancellationToken cancellationToken) =>
        new(GrokType.I8, Shape(_inputs), sink => Write(threads, sink, cancellationToken));

    public GrokPickleArray Scales => new(GrokType.BF16, Shape(_groups), WriteScales);

    private long[] Shape(int rows) => isStack ? [_matrices, rows, _outputs] : [rows, _outputs];

    private void Write(int threads, TensorSink sink, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        for (long matrix = 0; matrix < _matrices; matrix++)
        {
            var first = matrix * _outputs;
            ChunkStream.Write(_inputs, _outputs, Math.Min(Tile, _inputs), (input, count, buffer) =>
                Parallel.For(0, (_outputs + Tile - 1) / Tile, options, tile => Transpose(first, tile * Tile, (int)input, count, buffer)), sink);
        }
    }

    // One tile: rows are the outputs of the values, the inputs of the bytes. It fits the first cache, where single bytes of 128 rows are near.
    private void Transpose(long first, int output, int input, int count, byte[] buffer)
    {
        Span<byte> tile = stackalloc byte[Tile * Tile]; // [output, input]
        var outputs = Math.Min(Tile, _outputs - output);
        for (var n = 0; n < outputs; n++)
        {
            values.Read(first + output + n, input, tile.Slice(n * Tile, Tile));
        }

        var exponent = values.Exponent(first + output, input);
        for (var k = 0; k < count; k++)
        {
            var shift = exponent - ScaleExponent(first + output, (input + k) / GroupLength);
            var row = buffer.AsSpan((k * _outputs) + output, outputs);
            for (var n = 0; n < row.Length; n++)
            {
                row[n] = (byte)((tile[(n * Tile) + k] - 8) << shift);
            }
        }
    }

    private int ScaleExponent(long row, int group)
    {
        var least = int.MaxValue;
        for (var input = group * GroupLength / Tile * Tile; input < (group + 1) * GroupLength; input += Tile)
        {
            least = Math.Min(least, values.Exponent(row, input));
        }

        return least;
    }

    private void WriteScales(TensorSink sink)
    {
        var scales = new byte[_outputs * sizeof(ushort)];
        for (long matrix = 0; matrix < _matrices; matrix++)
        {
            for (var group = 0; group < _groups; group++)
            {
                for (var output = 0; output < _outputs; output++)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(scales.AsSpan(output * sizeof(ushort)), PlainFloats.PowerOfTwo(ScaleExponent((matrix * _outputs) + output, group)));
                }

                sink(scales);
            }
        }
    }
}
