using Crescent.Engine.Chat;

namespace Crescent.Server.Answers;

/// <summary>Answers all prompts of one HTTP request.</summary>
internal static class PromptBatch
{
    /// <summary>The answers to each prompt. They run together, but no more at a time than the engine has places for: the queue is for other requests.</summary>
    /// <exception cref="ChatException">A prompt was refused or failed, which ends the others.</exception>
    public static async Task<CollectedAnswer[][]> RunAsync(ChatEngine engine, IEnumerable<ChatRequest> prompts, CancellationToken cancellation)
    {
        using var places = new SemaphoreSlim(engine.Options.Parallel);
        using var failure = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        return await Task.WhenAll(prompts.Select(prompt => RunAsync(engine, prompt, places, failure)));
    }

    private static async Task<CollectedAnswer[]> RunAsync(ChatEngine engine, ChatRequest prompt, SemaphoreSlim places, CancellationTokenSource failure)
    {
        await places.WaitAsync(failure.Token);
        try
        {
            using var answer = engine.Submit(prompt, failure.Token);
            return await CollectedAnswer.ReadAsync(answer, failure.Token);
        }
        catch
        {
            await failure.CancelAsync(); // one prompt's failure is the request's
            throw;
        }
        finally
        {
            places.Release();
        }
    }
}
