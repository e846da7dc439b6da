using Crescent.Engine.Chat;
using Crescent.Server.Http;
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
        var model = OllamaModels.Find(models, request.Model);
        var writer = new OllamaWriter(isChat, request.Model, options.Time);
        if (request.Chat is null)
        {
            await Replies.WriteAsync(context, writer.Loaded(), OllamaJson.Relaxed.OllamaReply);
            return;
        }

        using var answer = model.Engine.Submit(request.ToChatRequest(model), context.RequestAborted);
        await (request.Stream ? StreamAsync(context, answer, writer) : WholeAsync(context, answer, writer));
    }

    private static async Task StreamAsync(HttpContext context, ChatAnswer answer, OllamaWriter writer)
    {
        var lines = new LineStream(context);
        try
        {
            await foreach (var update in answer.ReadAsync(context.RequestAborted))
            {
                foreach (var line in Lines(update, writer))
                {
                    await lines.SendAsync(line, OllamaJson.Relaxed.OllamaReply);
                }
            }
        }
        catch (Exception exception) when (lines.HasBegun && exception is not OperationCanceledException)
        {
            // The status went out long ago: the error is the last line.
            await lines.SendAsync(new OllamaError(ErrorMapping.ToError(exception).Message), OllamaJson.Relaxed.OllamaError);
        }
    }

    private static async Task WholeAsync(HttpContext context, ChatAnswer answer, OllamaWriter writer)
    {
        EndUpdate? end = null;
        await foreach (var update in answer.ReadAsync(context.RequestAborted))
        {
            _ = Lines(update, writer);
            end = update as EndUpdate ?? end;
        }

        await Replies.WriteAsync(context, writer.Whole(end!), OllamaJson.Relaxed.OllamaReply);
    }

    private static OllamaReply[] Lines(ChatUpdate update, OllamaWriter writer) => update switch
    {
        PieceUpdate piece => [.. piece.Events.Select(writer.Push).OfType<OllamaReply>()],
        EndUpdate end => [writer.End(end)],
        _ => [],
    };
}
