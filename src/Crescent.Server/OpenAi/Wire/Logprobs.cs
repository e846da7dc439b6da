namespace Crescent.Server.OpenAi.Wire;

internal sealed record Logprobs(IReadOnlyList<TokenLogprob> Content)
{
    public string? Refusal { get; }
}
