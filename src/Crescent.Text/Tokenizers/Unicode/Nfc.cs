using System.Buffers;
using System.Text;

namespace Crescent.Text.Tokenizers;

/// <summary>
/// Normalisation form C over UTF-8 (Unicode Standard Annex 15). Invalid bytes pass through unchanged and stop composition.
/// </summary>
internal static class Nfc
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28;

    private static readonly Dictionary<int, (int First, int Second)> s_decompositions = [];
    private static readonly Dictionary<long, int> s_compositions = [];
    private static readonly Dictionary<int, byte> s_combiningClasses = [];

    // Second halves of compositions: text without any of these, and without decompositions or marks, is already normal.
    private static readonly HashSet<int> s_seconds = [];

    static Nfc()
    {
        var table = NfcTables.Decompositions;
        for (var i = 0; i < table.Length; i += 3)
        {
            var codePoint = Math.Abs(table[i]);
            s_decompositions[codePoint] = (table[i + 1], table[i + 2]);
            if (table[i] > 0)
            {
                s_compositions[Pair(table[i + 1], table[i + 2])] = codePoint;
                s_seconds.Add(table[i + 2]);
            }
        }

        var classes = NfcTables.CombiningClasses;
        for (var i = 0; i < classes.Length; i += 3)
        {
            for (var codePoint = classes[i]; codePoint <= classes[i + 1]; codePoint++)
            {
                s_combiningClasses[codePoint] = (byte)classes[i + 2];
            }
        }
    }

    /// <summary>The normal form, or false when the text already is one.</summary>
    public static bool TryNormalize(ReadOnlySpan<byte> text, out byte[] normalized)
    {
        normalized = [];
        // Below U+0300 (lead byte 0xCC) every character is stable and composes with nothing before it.
        var first = text.IndexOfAnyInRange((byte)0xCC, (byte)0xFF);
        if (first < 0 || IsNormal(text, first))
        {
            return false;
        }

        // Characters from the last starter on; negative entries are invalid bytes.
        var output = new ArrayBufferWriter<byte>(text.Length + 16);
        var run = new List<int>();
        for (var position = 0; position < text.Length;)
        {
            var valid = Rune.DecodeFromUtf8(text[position..], out var rune, out var length) == OperationStatus.Done;
            if (!valid)
            {
                Flush(run, output);
                output.Write(text.Slice(position, length));
            }
            else
            {
                Decompose(rune.Value, run, output);
            }

            position += length;
        }

        Flush(run, output);
        normalized = output.WrittenSpan.ToArray();
        return !text.SequenceEqual(normalized);
    }

    private static bool IsNormal(ReadOnlySpan<byte> text, int position)
    {
        while (position < text.Length)
        {
            if (text[position] < 0x80)
            {
                position++;
                continue;
            }

            Rune.DecodeFromUtf8(text[position..], out var rune, out var length);
            var codePoint = rune.Value;
            if (codePoint >= 0x300 && MayChange(codePoint))
            {
                return false;
            }

            position += length;
        }

        return true;
    }

    private static bool MayChange(int codePoint) =>
        (codePoint is >= VowelBase and < TrailBase + TrailCount)
        || s_combiningClasses.ContainsKey(codePoint)
        || s_seconds.Contains(codePoint)
        || (s_decompositions.TryGetValue(codePoint, out var parts)
            && (!s_compositions.TryGetValue(Pair(parts.First, parts.Second), out var composed) || composed != codePoint));

    private static void Decompose(int codePoint, List<int> run, ArrayBufferWriter<byte> output)
    {
        if (s_decompositions.TryGetValue(codePoint, out var parts))
        {
            Decompose(parts.First, run, output);
            if (parts.Second != 0)
            {
                Append(parts.Second, run, output);
            }
        }
        else
        {
            Append(codePoint, run, output);
        }
    }

    // A starter that cannot compose with what comes before it closes the run, which keeps runs short.
    private static void Append(int codePoint, List<int> run, ArrayBufferWriter<byte> output)
    {
        if (run.Count > 0 && CombiningClass(codePoint) == 0 && !CanFollow(codePoint))
        {
            Flush(run, output);
        }

        run.Add(codePoint);
    }

    private static bool CanFollow(int codePoint) =>
        s_seconds.Contains(codePoint)
        || codePoint is (>= VowelBase and < VowelBase + VowelCount) or (> TrailBase and < TrailBase + TrailCount);

    private static void Flush(List<int> run, ArrayBufferWriter<byte> output)
    {
        SortMarks(run);
        Compose(run);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var codePoint in run)
        {
            output.Write(bytes[..new Rune(codePoint).EncodeToUtf8(bytes)]);
        }

        run.Clear();
    }

    // Stable sort of each stretch of marks by class; OrderBy keeps a megabyte of marks at n log n.
    private static void SortMarks(List<int> run)
    {
        for (var i = 0; i < run.Count;)
        {
            var end = i;
            while (end < run.Count && CombiningClass(run[end]) != 0)
            {
                end++;
            }

            if (end - i > 1)
            {
                var sorted = run.GetRange(i, end - i).OrderBy(CombiningClass).ToList();
                for (var k = 0; k < sorted.Count; k++)
                {
                    run[i + k] = sorted[k];
                }
            }

            i = end + 1;
        }
    }

    private static void Compose(List<int> run)
    {
        int starter = -1, written = 0, lastClass = 0;
        for (var i = 0; i < run.Count; i++)
        {
            var codePoint = run[i];
            var combining = CombiningClass(codePoint);
            // Blocked when something of an equal or higher class, or another starter, stands between.
            var adjacent = starter == written - 1;
            if (starter >= 0 && (adjacent || (lastClass != 0 && lastClass < combining))
                && TryCompose(run[starter], codePoint, out var composed))
            {
                run[starter] = composed;
                continue;
            }

            if (combining == 0)
            {
                starter = written;
            }

            lastClass = combining;
            run[written++] = codePoint;
        }

        run.RemoveRange(written, run.Count - written);
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
        {
            composed = HangulBase + ((first - LeadBase) * VowelCount + (second - VowelBase)) * TrailCount;
            return true;
        }

        if (first is >= HangulBase and < HangulBase + LeadCount * VowelCount * TrailCount && (first - HangulBase) % TrailCount == 0
            && second is > TrailBase and < TrailBase + TrailCount)
        {
            composed = first + second - TrailBase;
            return true;
        }

        return s_compositions.TryGetValue(Pair(first, second), out composed);
    }

    private static int CombiningClass(int codePoint) => s_combiningClasses.GetValueOrDefault(codePoint);

    private static long Pair(int first, int second) => (long)first << 32 | (uint)second;
}
