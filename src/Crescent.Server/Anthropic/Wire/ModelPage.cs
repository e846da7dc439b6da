namespace Crescent.Server.Anthropic.Wire;

/// <summary>All models: there is one page.</summary>
internal sealed record ModelPage(IReadOnlyList<ModelEntry> Data, string? FirstId, string? LastId)
{
    public bool HasMore { get; }
}
