namespace Crescent.Text.Tokenizers;

/// <summary>The ids with a role, as a file names them; ids outside the vocabulary are dropped.</summary>
internal sealed record SpecialTokens
{
    public int? Bos { get; init; }

    public int? Eos { get; init; }

    public int? Eot { get; init; }

    public int? Pad { get; init; }

    public int? Unknown { get; init; }

    /// <summary>Other ids that end a turn or a text.</summary>
    public IReadOnlyList<int> Stops { get; init; } = [];

    public bool AddBos { get; init; }

    public bool AddEos { get; init; }
}
