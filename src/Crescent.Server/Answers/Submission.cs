using Crescent.Engine.Chat;
using Crescent.Server.Models;
using Crescent.Server.Security;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Answers;

/// <summary>Hands requests to a model's engine, on the account of the key that they came with.</summary>
internal static class Submission
{
    /// <exception cref="Http.ApiException">The key may take no more.</exception>
    /// <inheritdoc cref="ChatEngine.Submit"/>
    public static ChatAnswer Submit(this ServedModel model, HttpContext context, ChatRequest request, CancellationToken cancellation)
    {
        if (context.Features.Get<KeyHolder>()?.Meter is not { } meter)
        {
            return model.Engine.Submit(request, cancellation);
        }

        meter.CheckTokens();
        var answer = model.Engine.Submit(request with { Ended = (choice, usage, timings) => meter.AddAnswer(model.Name, choice, usage, timings) }, cancellation);
        meter.AddTokens(request.Prompt.Count);
        return answer;
    }

    /// <inheritdoc cref="Submit(ServedModel, HttpContext, ChatRequest, CancellationToken)"/>
    public static ChatAnswer Submit(this ServedModel model, HttpContext context, ChatRequest request) => model.Submit(context, request, context.RequestAborted);
}
