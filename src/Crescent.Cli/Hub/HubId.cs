namespace Crescent.Cli.Hub;

/// <summary>A model's name on a hub, <c>org/name[:quant]</c>; checked so that it can be a folder's name on every system.</summary>
internal sealed record HubId(string Organization, string Model, string? Quant)
{
    private const int LongestPart = 96;
    private const int LongestQuant = 64;

    /// <summary>The name without the quant.</summary>
    public string Name => $"{Organization}/{Model}";

    /// <exception cref="CommandFailedException">It is no hub id.</exception>
    public static HubId Parse(string text) =>
        TryParse(text) ?? throw new CommandFailedException($"expected a hub id org/name[:quant], found '{text}'", CommandFailedException.WrongUsage);

    public static HubId? TryParse(string text)
    {
        var (name, quant) = SplitQuant(text);
        var parts = name.Split('/');
        return parts.Length == 2 && IsPart(parts[0]) && IsPart(parts[1]) && (quant is null || IsQuant(quant)) ? new HubId(parts[0], parts[1], quant) : null;
    }

    /// <summary>Takes <c>name[:quant]</c> apart.</summary>
    public static (string Name, string? Quant) SplitQuant(string text) =>
        text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var at ? (text[..at], text[(at + 1)..]) : (text, null);

    /// <summary>Whether a text can be an organisation's or a model's name, and so a folder's.</summary>
    public static bool IsPart(string part) =>
        part.Length is > 0 and <= LongestPart
        && part.All(IsNameCharacter)
        && part[0] is not ('.' or '-')
        && !part.Contains("..", StringComparison.Ordinal)
        && SafePath.Objection(part) is null;

    private static bool IsQuant(string quant) => quant.Length is > 0 and <= LongestQuant && quant.All(IsNameCharacter);

    private static bool IsNameCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.';
}
