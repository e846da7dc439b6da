using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.OpenAi;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c></summary>
internal sealed class ModelsEndpoint(ModelRegistry models)
{
    public Task ListAsync(HttpContext context) =>
        Replies.WriteAsync(context, new ModelList([.. models.Models.Select(ModelReply.Of)]), OpenAiJson.Relaxed.ModelList);

    public Task OneAsync(HttpContext context) =>
        Replies.WriteAsync(context, ModelReply.Of(models.FindExactly((string)context.Request.RouteValues["id"]!)), OpenAiJson.Relaxed.ModelReply);
}
