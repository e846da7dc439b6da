using System.Buffers.Binary;

namespace Crescent.Tests;

/// <summary>Damaged copies of a file, for readers that must treat files as hostile. The same seed gives the same damage.</summary>
public static class Corruption
{
    // Counts, lengths and offsets live here in every format we read.
    private const int HeaderBytes = 16384;

    private static readonly ulong[] s_absurd =
    [
        0, 1, 0x7F, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000,
        0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFF0, 0xFFFF_FFFF_FFFF_FFFF,
    ];

    /// <summary>A copy of <paramref name="original"/> with one to four kinds of damage: cut short, bits flipped, bytes and numbers replaced, ranges moved or zeroed.</summary>
    public static byte[] Corrupt(byte[] original, int seed)
    {
        var random = new Random(seed);
        var bytes = (byte[])original.Clone();
        for (var rounds = random.Next(1, 5); rounds > 0 && bytes.Length > 0; rounds--)
        {
            bytes = Damage(bytes, random);
        }

        return bytes;
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        var at = Position(bytes, random);
        switch (random.Next(8))
        {
            case 0:
                return bytes[..at];
            case 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 3:
                Number(bytes, at, s_absurd[random.Next(s_absurd.Length)], random);
                return bytes;
            case 4:
                Number(bytes, at, (ulong)random.NextInt64(0, 2L * bytes.Length), random);
                return bytes;
            case 5:
                // A copy of one range over another: names, keys and offsets twice.
                var from = Position(bytes, random);
                var length = Math.Min(random.Next(1, 128), bytes.Length - Math.Max(at, from));
                bytes.AsSpan(from, length).ToArray().CopyTo(bytes, at);
                return bytes;
            case 6:
                bytes.AsSpan(at, Math.Min(random.Next(1, 256), bytes.Length - at)).Fill((byte)random.Next(256));
                return bytes;
            default:
                // A hole or an insertion: everything after it is shifted.
                var cut = Math.Min(random.Next(1, 64), bytes.Length - at);
                return random.Next(2) == 0 ? [.. bytes[..at], .. bytes[(at + cut)..]] : [.. bytes[..at], .. new byte[cut], .. bytes[at..]];
        }
    }

    // Little-endian, 4 or 8 bytes.
    private static void Number(byte[] bytes, int at, ulong value, Random random)
    {
        if (bytes.Length - at < 8)
        {
            return;
        }

        if (random.Next(2) == 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), value);
        }
    }

    private static int Position(byte[] bytes, Random random) => random.Next(4) switch
    {
        0 => random.Next(Math.Min(24, bytes.Length)),
        1 or 2 => random.Next(Math.Min(HeaderBytes, bytes.Length)),
        _ => random.Next(bytes.Length),
    };
}
