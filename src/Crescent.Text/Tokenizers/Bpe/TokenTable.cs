using System.Buffers.Binary;

namespace Crescent.Text.Tokenizers;

/// <summary>Finds a token's id by its bytes: open addressing over the bytes the caller already holds.</summary>
internal sealed class TokenTable
{
    private readonly ByteStrings _strings;
    private readonly (uint Hash, int Id)[] _slots;   // Id is -1 in a free slot; at most half are taken
    private readonly ulong _seed;

    /// <param name="strings">The bytes of every id.</param>
    /// <param name="included">Which ids can be found; where two have the same bytes, the lower one is.</param>
    public TokenTable(ByteStrings strings, Func<int, bool> included)
    {
        _strings = strings;
        // Seeded, so that no file can be made whose tokens all collide.
        _seed = (ulong)Random.Shared.NextInt64() | 1;
        var capacity = 16;
        while (capacity < strings.Count * 2)
        {
            capacity *= 2;
        }

        _slots = new (uint, int)[capacity];
        Array.Fill(_slots, (0u, -1));
        for (var id = 0; id < strings.Count; id++)
        {
            var bytes = strings[id];
            if (bytes.IsEmpty || !included(id) || Find(bytes) >= 0)
            {
                continue;
            }

            LongestBytes = Math.Max(LongestBytes, bytes.Length);
            var hash = Hash(bytes);
            var slot = hash & (uint)(capacity - 1);
            while (_slots[slot].Id >= 0)
            {
                slot = (slot + 1) & (uint)(capacity - 1);
            }

            _slots[slot] = (hash, id);
        }
    }

    public int LongestBytes { get; }

    /// <summary>The id, or -1.</summary>
    public int Find(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LongestBytes)
        {
            return -1;
        }

        var hash = Hash(bytes);
        var mask = (uint)(_slots.Length - 1);
        for (var slot = hash & mask; ; slot = (slot + 1) & mask)
        {
            var (found, id) = _slots[slot];
            if (id < 0)
            {
                return -1;
            }

            if (found == hash && _strings[id].SequenceEqual(bytes))
            {
                return id;
            }
        }
    }

    private uint Hash(ReadOnlySpan<byte> bytes)
    {
        var state = _seed ^ (ulong)bytes.Length * 0x9E3779B97F4A7C15;
        while (bytes.Length >= 8)
        {
            state = Mix(state ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        ulong tail = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            tail |= (ulong)bytes[i] << (8 * i);
        }

        return (uint)(Mix(state ^ tail) >> 16);
    }

    private static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value, 0xD6E8FEB86659FD93, out var low);
        return high ^ low;
    }
}
