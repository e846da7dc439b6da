using System.Globalization;

namespace Crescent.Cli;

/// <summary>Token ids as the user writes them.</summary>
internal static class TokenList
{
    private static readonly char[] s_separators = [',', ' ', '\n', '\r', '\t'];

    /// <summary>Ids from the option or the file; exactly one must be given, and it must hold at least one id.</summary>
    public static int[] Read(string? list, string? file)
    {
        if (list is null == file is null)
        {
            throw new CommandFailedException($"expected one of --tokens and --tokens-file, found {(list is null ? "none" : "both")}", CommandFailedException.WrongUsage);
        }

        var words = (list ?? InputFile.ReadText("--tokens-file", file!)).Split(s_separators, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            throw Bad("token ids", "none");
        }

        return [.. words.Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw Bad("a token id", $"'{word}'"))];

        CommandFailedException Bad(string expected, string found) => file is null
            ? new CommandFailedException($"--tokens: expected {expected}, found {found}", CommandFailedException.WrongUsage)
            : new CommandFailedException($"{file}: expected {expected}, found {found}");
    }
}
