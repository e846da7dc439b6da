using Crescent.Kernels.Training;
using Crescent.Training.Layers;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data;

/// <summary>
/// Packs documents into rows. The source that is furthest behind its share of the tokens gives the next document; a text that does not fit goes on in the next row, as a
/// document of its own; a conversation stays whole, and where none fits and there is no text, the rest of the row is left empty. Each pass over a source has its own order, made from seed and pass: a position is a few numbers.
/// </summary>
public sealed class BatchMaker
{
    private readonly (TokenStore Store, double Weight)[] _sources;
    private readonly ulong _seed;
    private readonly int[][] _orders;
    private SourcePosition[] _positions;

    /// <exception cref="ArgumentException">A source has no documents.</exception>
    public BatchMaker(IEnumerable<(TokenStore Store, double Weight)> sources, ulong seed)
    {
        _sources = [.. sources];
        if (_sources.Length == 0 || _sources.Any(source => source.Store.Documents == 0 || !(source.Weight > 0)))
        {
            throw new ArgumentException("expected sources with documents and weights above 0", nameof(sources));
        }

        _seed = seed;
        _positions = [.. _sources.Select(_ => new SourcePosition(0, 0, 0, 0))];
        _orders = [.. _sources.Select((_, i) => Order(i, 0))];
    }

    public DataPosition Position
    {
        get => new([.. _positions]);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Sources.Length != _sources.Length || value.Sources.Where((position, i) => position.Index >= _sources[i].Store.Documents).Any())
            {
                throw new ArgumentException($"expected a position in {_sources.Length} sources of these lengths, found another", nameof(value));
            }

            _positions = [.. value.Sources];
            for (var i = 0; i < _orders.Length; i++)
            {
                _orders[i] = Order(i, _positions[i].Epoch);
            }
        }
    }

    /// <summary>The next rows.</summary>
    /// <exception cref="ArgumentException">A conversation is longer than a row.</exception>
    public TrainingBatch Next(int rows, int rowLength)
    {
        if (_sources.Any(source => source.Store.IsWhole && source.Store.Longest > rowLength))
        {
            throw new ArgumentException($"expected conversations of at most {rowLength} tokens, found one of {_sources.Where(source => source.Store.IsWhole).Max(source => source.Store.Longest)}", nameof(rowLength));
        }

        var (tokens, targets, segments) = (new int[rows * rowLength], new int[rows * rowLength], new List<AttentionSegment>());
        for (var start = 0; start < tokens.Length;)
        {
            var room = rowLength - (start % rowLength);
            var length = Behind(room) is { } source ? Take(source, tokens.AsSpan(start, room), targets.AsSpan(start, room)) : Leave(targets.AsSpan(start, room));
            segments.Add(new AttentionSegment(start, length));
            start += length;
        }

        return new TrainingBatch { Tokens = tokens, Targets = targets, Segments = [.. segments], RowLength = rowLength };
    }

    // The source with the fewest tokens for its weight whose next document fits.
    private int? Behind(int room)
    {
        int? behind = null;
        for (var i = 0; i < _sources.Length; i++)
        {
            if (Fits(i, room) && (behind is not { } best || _positions[i].Served / _sources[i].Weight < _positions[best].Served / _sources[best].Weight))
            {
                behind = i;
            }
        }

        return behind;
    }

    private bool Fits(int source, int room) => !_sources[source].Store.IsWhole || _sources[source].Store.LengthOf(_orders[source][_positions[source].Index]) <= room;

    private static int Leave(Span<int> targets)
    {
        targets.Fill(TrainingBatch.NoTarget);
        return targets.Length;
    }

    private int Take(int source, Span<int> tokens, Span<int> targets)
    {
        var (store, position) = (_sources[source].Store, _positions[source]);
        var document = _orders[source][position.Index];
        var left = store.LengthOf(document) - position.Offset;
        var length = Math.Min(left, tokens.Length);
        for (var i = 0; i < length; i++)
        {
            tokens[i] = store.At(document, position.Offset + i).Token;
            var isLast = position.Offset + i + 1 == store.LengthOf(document);
            targets[i] = isLast ? TrainingBatch.NoTarget : store.At(document, position.Offset + i + 1) is (var next, true) ? next : TrainingBatch.NoTarget;
        }

        _positions[source] = position with { Offset = position.Offset + length, Served = position.Served + length };
        if (length == left)
        {
            Advance(source);
        }

        return length;
    }

    private void Advance(int source)
    {
        var position = _positions[source] with { Index = _positions[source].Index + 1, Offset = 0 };
        if (position.Index == _sources[source].Store.Documents)
        {
            position = position with { Epoch = position.Epoch + 1, Index = 0 };
            _orders[source] = Order(source, position.Epoch);
        }

        _positions[source] = position;
    }

    private int[] Order(int source, int epoch) =>
        new TrainingRandom(new TrainingRandom(_seed + ((ulong)source << 32) + (ulong)epoch).Next()).Permutation(_sources[source].Store.Documents);
}
