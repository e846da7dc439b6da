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

        var words = (list ?? File.ReadAllText(file!)).Split(s_separators, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            throw new CommandFailedException($"{(file is null ? "--tokens" : file)}: expected token ids, found none");
        }

        return [.. words.Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw new CommandFailedException($"{(file is null ? "--tokens" : file)}: expected a token id, found '{word}'"))];
    }
}
