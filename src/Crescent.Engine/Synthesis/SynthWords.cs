namespace Crescent.Engine.Synthesis;

/// <summary>Made-up words of consonant-vowel syllables, each the merge of two that came before.</summary>
internal static class SynthWords
{
    private const string Consonants = "tnsrlmdkpbgvfhzwcjyqx";
    private const string Vowels = "aeiou";

    /// <summary>GPT-2's spelling of the 256 bytes (bytes_to_unicode), in its order: printable ones as themselves, the others from U+0100.</summary>
    public static IEnumerable<char> ByteSymbols()
    {
        var printable = Enumerable.Range('!', '~' - '!' + 1).Concat(Enumerable.Range('¡', '¬' - '¡' + 1)).Concat(Enumerable.Range('®', 'ÿ' - '®' + 1)).ToArray();
        return printable.Select(value => (char)value).Concat(Enumerable.Range(0, 256 - printable.Length).Select(i => (char)(256 + i)));
    }

    /// <summary>Merges without end: syllables, then words with and without the space mark, longer and longer. No two give the same word.</summary>
    public static IEnumerable<(string Left, string Right)> Merges(char space)
    {
        var syllables = new List<string>();
        foreach (var vowel in Vowels)
        {
            foreach (var consonant in Consonants)
            {
                syllables.Add($"{consonant}{vowel}");
                yield return (consonant.ToString(), vowel.ToString());
            }
        }

        var words = new List<string>(syllables);
        foreach (var syllable in syllables)
        {
            words.Add(space + syllable);
            yield return (space.ToString(), syllable);
        }

        // Every word is a space mark or not, then syllables: read back in one way only, so no word comes twice.
        while (true)
        {
            var longer = new List<string>();
            foreach (var syllable in syllables)
            {
                foreach (var word in words)
                {
                    longer.Add(word + syllable);
                    yield return (word, syllable);
                }
            }

            words = longer;
        }
    }
}
