namespace Crescent.Engine.Chat;

/// <summary>Refuses requests that a model cannot answer, before they wait for a turn.</summary>
/// <param name="context">Most tokens of a sequence.</param>
/// <param name="vocabulary">Number of tokens that the model knows.</param>
internal sealed class RequestCheck(int context, int vocabulary)
{
    /// <exception cref="ChatException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="ArgumentException">A token is outside the vocabulary, or a number out of its range.</exception>
    public void Check(ChatRequest request)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Choices, 1);
        if (request.Prompt.Count == 0)
        {
            throw new ArgumentException("expected a prompt of at least one token, found none", nameof(request));
        }

        if (request.Prompt.Count >= context)
        {
            throw new ChatException(
                ChatFailure.ContextLength,
                $"This model's maximum context length is {context} tokens, and the prompt has {request.Prompt.Count}: it leaves no room for an answer. Shorten it, or start the server with a larger context.");
        }

        var room = Math.Min(request.MaxTokens, context - request.Prompt.Count);
        if (request.Grammar is { } grammar && grammar.TokensNeeded > room)
        {
            throw new ArgumentException($"the shortest answer of the form that is asked for needs {grammar.TokensNeeded} tokens, its end included, and there is room for {room}");
        }

        CheckTokens(request.Prompt, "the prompt");
        CheckTokens(request.Sampling.LogitBias.Keys, "logit_bias");
    }

    private void CheckTokens(IEnumerable<int> ids, string what)
    {
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)vocabulary)
            {
                throw new ArgumentException($"{what} holds token id {id}, outside the vocabulary of {vocabulary}");
            }
        }
    }
}
