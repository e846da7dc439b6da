namespace Crescent.Text.Grammars;

/// <summary>
/// A JSON string with its quotation marks, of at least and at most so many characters (code points; an escape is one). Surrogates are never escaped, so the text is always valid Unicode.
/// </summary>
/// <param name="most">Null for no limit.</param>
internal sealed class JsonStringLexeme(int least, int? most) : Lexeme
{
    /// <summary>Most characters that a limit may name.</summary>
    public const int MaxLimit = 1 << 24;

    /// <summary>Most characters that may be asked for at least.</summary>
    public const int MaxLeast = 10_000;

    /// <summary>Inside the string, between two characters.</summary>
    public const int Body = 0;

    private const int Escape = 1;
    private const int Hex1 = 2;
    private const int Hex2 = 3;
    private const int Hex3 = 4;
    private const int Hex4 = 5;
    private const int HexAfterD = 6;  // \uD: 0 to 7 only, the others are surrogates
    private const int One = 7;        // continuation bytes to come
    private const int Two = 8;
    private const int Three = 9;
    private const int AfterE0 = 10;
    private const int AfterED = 11;
    private const int AfterF0 = 12;
    private const int AfterF4 = 13;
    private const int Closed = 14;
    private const int Before = 15;
    private const int Parts = 16;

    // A state is count · 16 + part; without a limit the count stops at the least.
    private readonly int _lastCount = most ?? least;

    public override string? Key { get; } = $"string:{least}:{most}";

    public override int Start => Before;

    public override int Next(int state, byte value)
    {
        var (count, part) = (state / Parts, state % Parts);
        switch (part)
        {
            case Before:
                return value == '"' ? Body : -1;
            case Closed:
                return -1;
            case Body when value == '"':
                return count >= least ? (count * Parts) + Closed : -1;
            case Body when count == most:
                return -1;
        }

        var next = NextPart(part, value);
        return next < 0 ? -1 : ((next == Body ? Math.Min(count + 1, _lastCount) : count) * Parts) + next;
    }

    public override bool IsAccepting(int state) => state % Parts == Closed;

    public override bool IsFinal(int state) => state % Parts == Closed;

    public override int Distance(int state)
    {
        var (count, part) = (state / Parts, state % Parts);
        return part switch
        {
            Closed => 0,
            Before => least + 2,
            Body => Math.Max(0, least - count) + 1,
            _ => PartDistance(part) + Math.Max(0, least - count - 1) + 1,
        };
    }

    public override byte WayOut(int state) => (state % Parts) switch
    {
        Before => (byte)'"',
        Body => state / Parts < least ? (byte)'a' : (byte)'"',
        var part => PartWayOut(part),
    };

    public override int MaskState(int state, int longest)
    {
        var (count, part) = (state / Parts, state % Parts);
        var isFar = part is not (Closed or Before) && count >= least && (most is null || most - count > longest);
        return isFar ? (least * Parts) + part : state;
    }

    public override int FreeCharacters(int state) =>
        state % Parts != Body ? 0 : most is { } limit ? limit - (state / Parts) : int.MaxValue;

    public override int AfterFree(int state, int characters) => Math.Min((state / Parts) + characters, _lastCount) * Parts;

    /// <summary>The part of a character that follows <paramref name="part"/> at a byte, <see cref="Body"/> at its end, −1 where it does not fit. Not for quotation marks.</summary>
    public static int NextPart(int part, byte value) => part switch
    {
        Body => FirstByte(value),
        Escape => value == 'u' ? Hex1 : "\"\\/bfnrt"u8.Contains(value) ? Body : -1,
        Hex1 => value is (byte)'d' or (byte)'D' ? HexAfterD : IsHex(value) ? Hex2 : -1,
        HexAfterD => value is >= (byte)'0' and <= (byte)'7' ? Hex3 : -1,
        Hex2 => IsHex(value) ? Hex3 : -1,
        Hex3 => IsHex(value) ? Hex4 : -1,
        Hex4 => IsHex(value) ? Body : -1,
        One => value is >= 0x80 and <= 0xBF ? Body : -1,
        Two => value is >= 0x80 and <= 0xBF ? One : -1,
        Three => value is >= 0x80 and <= 0xBF ? Two : -1,
        AfterE0 => value is >= 0xA0 and <= 0xBF ? One : -1,
        AfterED => value is >= 0x80 and <= 0x9F ? One : -1,
        AfterF0 => value is >= 0x90 and <= 0xBF ? Two : -1,
        AfterF4 => value is >= 0x80 and <= 0x8F ? Two : -1,
        _ => -1,
    };

    /// <summary>Bytes to the end of a character.</summary>
    public static int PartDistance(int part) => part switch
    {
        Body => 0,
        Escape or One or Hex4 => 1,
        Two or AfterE0 or AfterED or Hex3 => 2,
        Three or AfterF0 or AfterF4 or Hex2 or HexAfterD => 3,
        _ => 4,
    };

    /// <summary>A byte that leads to the end of a character.</summary>
    public static byte PartWayOut(int part) => part switch
    {
        Escape => (byte)'n',
        Hex1 or Hex2 or Hex3 or Hex4 or HexAfterD => (byte)'0',
        AfterE0 => 0xA0,
        AfterF0 => 0x90,
        _ => 0x80,
    };

    private static int FirstByte(byte value) => value switch
    {
        (byte)'\\' => Escape,
        < 0x20 or (byte)'"' => -1,
        < 0x80 => Body,
        < 0xC2 => -1,
        < 0xE0 => One,
        0xE0 => AfterE0,
        0xED => AfterED,
        < 0xF0 => Two,
        0xF0 => AfterF0,
        < 0xF4 => Three,
        0xF4 => AfterF4,
        _ => -1,
    };

    private static bool IsHex(byte value) => char.IsAsciiHexDigit((char)value);
}
