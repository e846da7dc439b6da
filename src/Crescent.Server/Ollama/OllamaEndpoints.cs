using Crescent.Engine.Chat;
using Crescent.Server.Answers;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.Ollama.Wire;
using Crescent.Server.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Ollama;

/// <summary><c>POST /api/chat</c> and <c>/api/generate</c></summary>
internal sealed class OllamaEndpoints(ModelRegistry models, ServerOptions options)
{
    public async Task ChatAsync(HttpContext context) =>
        await AnswerAsync(context, OllamaRequest.ReadChat(await RequestBody.ReadAsync(context, options.MaxBodyBytes)), isChat: true);

    public async Task GenerateAsync(HttpContext context) =>
        await AnswerAsync(context, OllamaRequest.ReadGenerate(await RequestBody.ReadAsync(context, options.MaxBodyBytes)), isChat: false);

    private async Task AnswerAsync(HttpContext context, OllamaRequest request, bool isChat)
    {
        var known = OllamaModels.Find(models, request.Model);
        var writer = new OllamaWriter(isChat, request.Model, options.Time);
        if (request is { Chat: null, KeepAlive: { Ticks: 0 } })
        {
            await models.UnloadAsync(known);
            await Replies.WriteAsync(context, writer.Done("unload"), OllamaJson.Relaxed.OllamaReply);
            return;
        }

        using var use = await models.UseAsync(known, context.RequestAborted, request.KeepAlive);
        var model = use.Model;
        if (request.Chat is null)
        {
            await Replies.WriteAsync(context, writer.Done("load"), OllamaJson.Relaxed.OllamaReply);
            return;
        }

        using var answer = model.Submit(context, request.ToChatRequest(model));
        var updates = answer.ReadAsync(context.RequestAborted);
        await (request.Stream ? new OllamaStream(new LineStream(context), writer).RunAsync(updates) : WholeAsync(context, updates, writer));
    }

    private static async Task WholeAsync(HttpContext context, IAsyncEnumerable<ChatUpdate> answer, OllamaWriter writer)
    {
        EndUpdate? end = null;
        await foreach (var update in answer)
        {
            _ = writer.Lines(update);
            end = update as EndUpdate ?? end;
        }

        await Replies.WriteAsync(context, writer.Whole(end!), OllamaJson.Relaxed.OllamaReply);
    }
}
