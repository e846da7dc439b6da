namespace Crescent.Text.Tokenizers;

/// <summary>What the pre-split patterns ask about a code point; several can hold at once.</summary>
[Flags]
internal enum CharClass : ushort
{
    None = 0,
    Upper = 1,          // Lu, Lt
    Lower = 2,          // Ll
    OtherLetter = 4,    // Lm, Lo: both cases at once for the patterns
    Mark = 8,           // M*
    Number = 16,        // N*
    Space = 32,         // White_Space
    Newline = 64,       // \r and \n only; always with Space
    Punctuation = 128,  // P*
    Symbol = 256,       // S*
    Han = 512,          // Script=Han; with the category's own bit
    Letter = Upper | Lower | OtherLetter,
}
