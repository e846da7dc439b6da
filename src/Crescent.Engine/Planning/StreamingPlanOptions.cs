namespace Crescent.Engine.Planning;

/// <summary>What a plan is made for.</summary>
public sealed record StreamingPlanOptions
{
    /// <summary>Bytes that the process may hold.</summary>
    public required long Memory { get; init; }

    /// <summary>Most tokens of a step: the size of a prompt's chunks.</summary>
    public int ChunkTokens { get; init; } = 512;

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int Context { get; init; } = 4096;
}
