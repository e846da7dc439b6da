using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.OpenAi;

/// <summary><c>POST /v1/tokenizers/estimate-token-count</c>: how many tokens a conversation takes.</summary>
internal sealed class TokenEstimateEndpoint(ModelRegistry models, ServerOptions options)
{
    public async Task CountAsync(HttpContext context)
    {
        var request = ChatCompletionRequest.Read(await RequestBody.ReadAsync(context, options.MaxBodyBytes), options);
        using var use = await models.UseAsync(request.Model, context.RequestAborted);
        var model = use.Model;
        var count = request.PromptIds(model, request.Conversation with { CurrentDate = model.Today }).Length;
        await Replies.WriteAsync(context, new TokenEstimate(new TokenEstimateData(count)), OpenAiJson.Relaxed.TokenEstimate);
    }
}
