using Crescent.Server.Http;
using Crescent.Server.Llama.Wire;
using Crescent.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Llama;

/// <summary><c>POST /models/load</c> and <c>/models/unload</c></summary>
internal sealed class ModelEndpoints(ModelRegistry models, ServerOptions options)
{
    public async Task LoadAsync(HttpContext context)
    {
        (await models.UseAsync(await FindAsync(context), context.RequestAborted)).Dispose();
        await Replies.WriteAsync(context, new SuccessReply(true), LlamaJson.Relaxed.SuccessReply);
    }

    public async Task UnloadAsync(HttpContext context)
    {
        await models.UnloadAsync(await FindAsync(context));
        await Replies.WriteAsync(context, new SuccessReply(true), LlamaJson.Relaxed.SuccessReply);
    }

    private async Task<KnownModel> FindAsync(HttpContext context) => models.FindExactly((await RequestBody.ReadAsync(context, options.MaxBodyBytes)).RequireText("model"));
}
