using System.Buffers.Binary;

namespace Crescent.Engine.Synthesis;

/// <summary>
/// Counter-based random values: a word is a hash of (seed, tensor, index), so any row can be made alone, in any order, by any thread. Values are
/// integers −7…7, stored here as nibbles 1…15 (value + 8).
/// </summary>
internal static class SynthBits
{
    /// <summary>Values that come from one 64-bit word.</summary>
    public const int ValuesPerWord = 16;

    /// <summary>Standard deviation of the integers: nibble 0 counts as 8, so 0 is twice as likely as any other, √(2·(1+4+…+49)/16).</summary>
    public const double StandardDeviation = 4.1833001326703778;

    /// <summary>The key of one stream of words.</summary>
    public static ulong Key(ulong seed, string name)
    {
        var key = Mix(seed + 0x9E3779B97F4A7C15);
        foreach (var c in name)
        {
            key = Mix(key ^ c);
        }

        return key;
    }

    /// <summary>Word <paramref name="index"/> of a stream (splitmix64 at that place of its sequence).</summary>
    public static ulong Word(ulong key, long index) => Mix(key + ((ulong)index * 0x9E3779B97F4A7C15));

    /// <summary>Fills whole words of nibbles, one a byte, from word <paramref name="start"/> of the stream.</summary>
    /// <param name="nibbles">A multiple of 16 bytes.</param>
    public static void Fill(ulong key, long start, Span<byte> nibbles)
    {
        for (var i = 0; i < nibbles.Length; i += ValuesPerWord)
        {
            var word = Word(key, start++);
            // A nibble of 0 becomes 8: all its bits are 0, so its top bit is set where no bit is.
            var any = word | (word >> 1);
            any |= any >> 2;
            word |= (~any & 0x1111_1111_1111_1111) << 3;
            BinaryPrimitives.WriteUInt64LittleEndian(nibbles[i..], Spread((uint)word));
            BinaryPrimitives.WriteUInt64LittleEndian(nibbles[(i + 8)..], Spread((uint)(word >> 32)));
        }
    }

    /// <summary>Replaces 5 by 4 and 7 by 6, of both signs: what is left are integers that MXFP4 holds.</summary>
    public static void RoundToFourBits(Span<byte> nibbles)
    {
        ReadOnlySpan<byte> rounded = [8, 2, 2, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 14, 14];
        foreach (ref var nibble in nibbles)
        {
            nibble = rounded[nibble & 15];
        }
    }

    // Eight nibbles to eight bytes, the lowest first.
    private static ulong Spread(uint nibbles)
    {
        var x = (ulong)nibbles;
        x = (x | (x << 16)) & 0x0000_FFFF_0000_FFFF;
        x = (x | (x << 8)) & 0x00FF_00FF_00FF_00FF;
        return (x | (x << 4)) & 0x0F0F_0F0F_0F0F_0F0F;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
