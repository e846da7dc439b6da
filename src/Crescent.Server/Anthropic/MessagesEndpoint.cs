using Crescent.Server.Answers;
using Crescent.Server.Anthropic.Wire;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Anthropic;

/// <summary><c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c></summary>
internal sealed class MessagesEndpoint(ModelRegistry models, ServerOptions options)
{
    public async Task AnswerAsync(HttpContext context)
    {
        var request = MessagesRequest.Read(await RequestBody.ReadAsync(context, options.MaxBodyBytes), counts: false);
        using var use = await models.UseAsync(request.Model, context.RequestAborted);
        var model = use.Model;
        var chat = request.ToChatRequest(model);
        var head = new MessageReply(Identifiers.New("msg_"), request.Model!, [], null, null, new MessageUsage(chat.Prompt.Count, 0, 0));
        using var answer = model.Submit(context, chat);
        if (request.Stream)
        {
            var events = new EventStream(context, options.PingInterval, options.Time);
            await new MessageStream(context, events, head, model.Engine.Context).RunAsync(events.WithPingsAsync(answer));
            return;
        }

        var (sections, end) = await SectionedAnswer.ReadAsync(answer, context.RequestAborted);
        var why = StopReasons.Of(end, model.Engine.Context);
        var reply = head with { Content = [.. sections.Select(ContentBlock.Of)], StopReason = why.StopReason, StopSequence = why.StopSequence, Usage = MessageUsage.Of(end.Usage) };
        await Replies.WriteAsync(context, reply, AnthropicJson.Relaxed.MessageReply);
    }

    public async Task CountAsync(HttpContext context)
    {
        var request = MessagesRequest.Read(await RequestBody.ReadAsync(context, options.MaxBodyBytes), counts: true);
        using var use = await models.UseAsync(request.Model, context.RequestAborted);
        var model = use.Model;
        var count = request.PromptIds(model, request.Conversation with { CurrentDate = model.Today }).Length;
        await Replies.WriteAsync(context, new TokenCount(count), AnthropicJson.Relaxed.TokenCount);
    }
}
