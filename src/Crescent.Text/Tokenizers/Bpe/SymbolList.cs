namespace Crescent.Text.Tokenizers;

/// <summary>
/// The symbols of one piece as a linked list, merged in place: lowest rank first, leftmost on ties. Short pieces search the list
/// for each merge; long ones keep a heap, so a piece of n symbols takes O(n log n). Reused between pieces of one call.
/// </summary>
internal sealed class SymbolList
{
    // Up to here a scan of the list beats the heap.
    private const int ScanLimit = 24;

    private Symbol[] _symbols = new Symbol[64];
    private ulong[] _heap = [];   // rank << 32 | symbol; entries whose rank is no longer the symbol's are stale
    private int _heapCount;

    private struct Symbol
    {
        public int Start;      // byte offset in the piece
        public int End;
        public int Id;         // -1: not in the vocabulary
        public int Next;       // -1 after the last
        public int Previous;   // -1 before the first
        public int Rank;       // of the pair (this, Next)
        public int Merged;     // what that pair becomes
    }

    public int Count { get; private set; }

    /// <summary>Memory held, in symbols.</summary>
    public int Capacity => _symbols.Length;

    public void Clear() => Count = 0;

    public void Add(int start, int end, int id)
    {
        if (Count == _symbols.Length)
        {
            Array.Resize(ref _symbols, Count * 2);
        }

        _symbols[Count] = new Symbol { Start = start, End = end, Id = id, Next = -1, Previous = Count - 1, Rank = MergeRanks.None };
        if (Count > 0)
        {
            _symbols[Count - 1].Next = Count;
        }

        Count++;
    }

    /// <summary>Steps over the symbols that remain: begin with <paramref name="index"/> 0 and go on until it is -1.</summary>
    public int Read(ref int index, out int start, out int end)
    {
        ref readonly var symbol = ref _symbols[index];
        start = symbol.Start;
        end = symbol.End;
        index = symbol.Next;
        return symbol.Id;
    }

    public void Merge(ReadOnlySpan<byte> piece, MergeRanks ranks)
    {
        for (var i = 0; i < Count - 1; i++)
        {
            Rank(piece, ranks, i);
        }

        if (Count <= ScanLimit)
        {
            MergeByScan(piece, ranks);
        }
        else
        {
            MergeByHeap(piece, ranks);
        }
    }

    private void MergeByScan(ReadOnlySpan<byte> piece, MergeRanks ranks)
    {
        if (Count == 0)
        {
            return;
        }

        while (true)
        {
            int best = -1, lowest = MergeRanks.None;
            for (var i = 0; i >= 0; i = _symbols[i].Next)
            {
                if (_symbols[i].Rank < lowest)
                {
                    best = i;
                    lowest = _symbols[i].Rank;
                }
            }

            if (best < 0)
            {
                return;
            }

            Join(piece, ranks, best);
        }
    }

    private void MergeByHeap(ReadOnlySpan<byte> piece, MergeRanks ranks)
    {
        _heapCount = 0;
        for (var i = 0; i < Count; i++)
        {
            Push(i);
        }

        while (_heapCount > 0)
        {
            var top = Pop();
            var index = (int)(uint)top;
            if (_symbols[index].Rank != (int)(top >> 32))
            {
                continue;
            }

            var previous = _symbols[index].Previous;
            Join(piece, ranks, index);
            Push(index);
            if (previous >= 0)
            {
                Push(previous);
            }
        }
    }

    // The right symbol becomes part of the left one; it is never reached again, and its rank makes heap entries stale.
    private void Join(ReadOnlySpan<byte> piece, MergeRanks ranks, int index)
    {
        ref var left = ref _symbols[index];
        ref var right = ref _symbols[left.Next];
        left.Id = left.Merged;
        left.End = right.End;
        left.Next = right.Next;
        right.Rank = MergeRanks.None;
        if (left.Next >= 0)
        {
            _symbols[left.Next].Previous = index;
        }

        Rank(piece, ranks, index);
        if (left.Previous >= 0)
        {
            Rank(piece, ranks, left.Previous);
        }
    }

    private void Rank(ReadOnlySpan<byte> piece, MergeRanks ranks, int index)
    {
        ref var left = ref _symbols[index];
        if (left.Next < 0)
        {
            left.Rank = MergeRanks.None;
            return;
        }

        ref readonly var right = ref _symbols[left.Next];
        left.Rank = ranks.Find(piece[left.Start..right.End], left.Id, right.Id, out left.Merged);
    }

    private void Push(int index)
    {
        var rank = _symbols[index].Rank;
        if (rank == MergeRanks.None)
        {
            return;
        }

        if (_heapCount == _heap.Length)
        {
            Array.Resize(ref _heap, Math.Max(256, _heapCount * 2));
        }

        var entry = (ulong)(uint)rank << 32 | (uint)index;
        var slot = _heapCount++;
        while (slot > 0 && _heap[(slot - 1) / 4] > entry)
        {
            _heap[slot] = _heap[(slot - 1) / 4];
            slot = (slot - 1) / 4;
        }

        _heap[slot] = entry;
    }

    // Four children a node: half the depth of a binary heap, and the children share a cache line.
    private ulong Pop()
    {
        var top = _heap[0];
        var entry = _heap[--_heapCount];
        var slot = 0;
        while (true)
        {
            var child = 4 * slot + 1;
            if (child >= _heapCount)
            {
                break;
            }

            var least = child;
            for (var i = child + 1; i < Math.Min(child + 4, _heapCount); i++)
            {
                if (_heap[i] < _heap[least])
                {
                    least = i;
                }
            }

            if (_heap[least] >= entry)
            {
                break;
            }

            _heap[slot] = _heap[least];
            slot = least;
        }

        _heap[slot] = entry;
        return top;
    }
}
