using Crescent.Server.Answers;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi;
using Crescent.Server.Responses.Wire;
using Crescent.Server.Security;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Responses;

/// <summary><c>POST /v1/responses</c>, <c>/v1/responses/input_tokens</c>, and the answers that are kept.</summary>
internal sealed class ResponsesEndpoint(ModelRegistry models, ServerOptions options)
{
    private readonly ResponseStore _store = new();

    public async Task AnswerAsync(HttpContext context)
    {
        var request = ResponsesRequest.Read(await RequestBody.ReadAsync(context, options.MaxBodyBytes), _store, KeyHolder.Of(context));
        using var use = await models.UseAsync(request.Chat.Model, context.RequestAborted);
        var model = use.Model;
        var writer = new ResponseWriter(ResponseWriter.Begin(request, model, options.Time), request.SealsReasoning);
        using var answer = model.Submit(context, request.Chat.ToChatRequest(model));
        if (request.Chat.Stream)
        {
            var events = new EventStream(context, options.PingInterval, options.Time);
            await new ResponseStream(events, writer).RunAsync(events.WithPingsAsync(answer), whole => Keep(context, request, writer, whole));
            return;
        }

        var collected = await SectionedAnswer.ReadAsync(answer, context.RequestAborted);
        Keep(context, request, writer, collected);
        await Replies.WriteAsync(context, writer.End(collected.Sections, collected.End), ResponsesJson.Relaxed.ResponseReply);
    }

    public async Task CountAsync(HttpContext context)
    {
        var request = ResponsesRequest.Read(await RequestBody.ReadAsync(context, options.MaxBodyBytes), _store, KeyHolder.Of(context)).Chat;
        using var use = await models.UseAsync(request.Model, context.RequestAborted);
        var model = use.Model;
        var count = request.PromptIds(model, request.Conversation with { CurrentDate = model.Today }).Length;
        await Replies.WriteAsync(context, new InputTokenCount(count), ResponsesJson.Relaxed.InputTokenCount);
    }

    public Task OneAsync(HttpContext context)
    {
        var id = IdOf(context);
        return Replies.WriteAsync(context, (_store.Find(id, KeyHolder.Of(context)) ?? throw NotFound(id)).Reply, ResponsesJson.Relaxed.ResponseReply);
    }

    public Task DeleteAsync(HttpContext context)
    {
        var id = IdOf(context);
        return _store.Remove(id, KeyHolder.Of(context)) ? Replies.WriteAsync(context, new DeletedResponse(id), ResponsesJson.Relaxed.DeletedResponse) : throw NotFound(id);
    }

    private void Keep(HttpContext context, ResponsesRequest request, ResponseWriter writer, SectionedAnswer answer)
    {
        if (request.Store)
        {
            var conversation = new ItemConversation(request.Conversation);
            conversation.Add(answer.Sections);
            _store.Add(new StoredResponse(KeyHolder.Of(context), writer.End(answer.Sections, answer.End), conversation.Messages));
        }
    }

    private static string IdOf(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private static ApiException NotFound(string id) => new(new ApiError(404, "invalid_request_error", $"no response with id '{id}' is kept here", "id", "response_not_found"));
}
