namespace Crescent.Server.Security;

/// <summary>What one key's client may take; null where nothing bounds it.</summary>
public sealed record KeyLimits
{
    public static KeyLimits None { get; } = new();

    /// <summary>In place of the server's for all keys.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens of prompts and answers.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Tokens of prompts and answers from midnight to midnight, UTC.</summary>
    public long? TokensPerDay { get; init; }

    /// <summary>In the price list's currency, from midnight to midnight, UTC.</summary>
    public double? CostPerDay { get; init; }
}
