using Crescent.Engine.Chat;
using Crescent.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Answers;

/// <summary>Answers all prompts of one HTTP request.</summary>
internal static class PromptBatch
{
    /// <summary>The answers to each prompt. They run together, but no more at a time than the engine has places for: the queue is for other requests.</summary>
    /// <exception cref="ChatException">A prompt was refused or failed, which ends the others.</exception>
    public static async Task<CollectedAnswer[][]> RunAsync(HttpContext context, ServedModel model, IEnumerable<ChatRequest> prompts)
    {
        using var places = new SemaphoreSlim(model.Engine.Options.Parallel);
        using var failure = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        return await Task.WhenAll(prompts.Select(prompt => RunAsync(context, model, prompt, places, failure)));
    }

    private static async Task<CollectedAnswer[]> RunAsync(HttpContext context, ServedModel model, ChatRequest prompt, SemaphoreSlim places, CancellationTokenSource failure)
    {
        await places.WaitAsync(failure.Token);
        try
        {
            using var answer = model.Submit(context, prompt, failure.Token);
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
