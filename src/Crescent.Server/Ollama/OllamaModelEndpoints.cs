using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.Ollama.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Ollama;

/// <summary><c>GET /api/tags</c>, <c>/api/ps</c>, <c>/api/version</c>, <c>POST /api/show</c>, and what this server does not do of Ollama's API.</summary>
internal sealed class OllamaModelEndpoints(ModelRegistry models, ServerOptions options)
{
    public Task TagsAsync(HttpContext context) => Replies.WriteAsync(context, new ModelTags([.. models.Models.Select(ModelTag.Of)]), OllamaJson.Relaxed.ModelTags);

    public Task RunningAsync(HttpContext context) => Replies.WriteAsync(context, new ModelTags([.. models.Models.Where(model => model.State == ModelState.Loaded).Select(ModelTag.Running)]), OllamaJson.Relaxed.ModelTags);

    public static Task VersionAsync(HttpContext context) =>
        Replies.WriteAsync(context, new VersionReply(typeof(OllamaModelEndpoints).Assembly.GetName().Version!.ToString(3)), OllamaJson.Relaxed.VersionReply);

    public async Task ShowAsync(HttpContext context)
    {
        var name = OllamaRequest.NameOf(await RequestBody.ReadAsync(context, options.MaxBodyBytes));
        await Replies.WriteAsync(context, ModelReport.Of(OllamaModels.FindExactly(models, name)), OllamaJson.Relaxed.ModelReport);
    }

    public static Task RefuseOthersAsync(HttpContext context) =>
        throw new ApiException(new ApiError(StatusCodes.Status404NotFound, "invalid_request_error", $"no such endpoint: {context.Request.Method} {context.Request.Path}", Code: "unknown_url"));
}
