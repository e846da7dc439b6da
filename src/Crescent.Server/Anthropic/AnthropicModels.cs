using Crescent.Server.Anthropic.Wire;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Anthropic;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c> for Anthropic's clients, which tell their API's version where OpenAI's do not.</summary>
internal sealed class AnthropicModels(ModelRegistry models)
{
    public static bool IsAsked(HttpContext context) => context.Request.Headers.ContainsKey("anthropic-version");

    /// <summary>Errors as the client knows them.</summary>
    public static Task WriteErrorAsync(HttpContext context, ApiError error) =>
        IsAsked(context) ? AnthropicErrors.WriteAsync(context, error) : Replies.WriteErrorAsync(context, error);

    public Task ListAsync(HttpContext context)
    {
        ModelEntry[] entries = [.. models.Models.Select(ModelEntry.Of)];
        return Replies.WriteAsync(context, new ModelPage(entries, entries.FirstOrDefault()?.Id, entries.LastOrDefault()?.Id), AnthropicJson.Relaxed.ModelPage);
    }

    public Task OneAsync(HttpContext context) =>
        Replies.WriteAsync(context, ModelEntry.Of(models.FindExactly((string)context.Request.RouteValues["id"]!)), AnthropicJson.Relaxed.ModelEntry);
}
