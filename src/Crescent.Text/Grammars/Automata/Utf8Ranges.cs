using System.Text;

namespace Crescent.Text.Grammars;

/// <summary>Ranges of code points as sequences of byte ranges: every sequence matches exactly the UTF-8 of a part of them.</summary>
internal static class Utf8Ranges
{
    private static readonly int[] s_lengthEnds = [0x7F, 0x7FF, 0xFFFF, CodePointSet.Last];

    /// <summary>Calls <paramref name="add"/> with one to four byte ranges, first byte first.</summary>
    public static void Split(int low, int high, Action<(byte Low, byte High)[]> add)
    {
        foreach (var end in s_lengthEnds)
        {
            if (low <= Math.Min(high, end))
            {
                SplitOneLength(low, Math.Min(high, end), add);
                low = end + 1;
            }
        }
    }

    // Both ends have the same number of bytes. A range that does not fill its last bytes is cut where they wrap.
    private static void SplitOneLength(int low, int high, Action<(byte Low, byte High)[]> add)
    {
        for (var bits = 6; bits <= 18 && low > 0x7F; bits += 6)
        {
            var mask = (1 << bits) - 1;
            if ((low & ~mask) == (high & ~mask))
            {
                break;
            }

            if ((low & mask) != 0)
            {
                SplitOneLength(low, low | mask, add);
                SplitOneLength((low | mask) + 1, high, add);
                return;
            }

            if ((high & mask) != mask)
            {
                SplitOneLength(low, (high & ~mask) - 1, add);
                SplitOneLength(high & ~mask, high, add);
                return;
            }
        }

        Span<byte> first = stackalloc byte[4];
        Span<byte> last = stackalloc byte[4];
        var length = new Rune(low).EncodeToUtf8(first);
        new Rune(high).EncodeToUtf8(last);
        var ranges = new (byte, byte)[length];
        for (var i = 0; i < length; i++)
        {
            ranges[i] = (first[i], last[i]);
        }

        add(ranges);
    }
}
