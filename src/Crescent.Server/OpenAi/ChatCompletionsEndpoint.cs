using Crescent.Engine.Chat;
using Crescent.Server.Answers;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.OpenAi;

/// <summary><c>POST /v1/chat/completions</c></summary>
internal sealed class ChatCompletionsEndpoint(ModelRegistry models, ServerOptions options)
{
    public async Task AnswerAsync(HttpContext context)
    {
        var request = ChatCompletionRequest.Read(await RequestBody.ReadAsync(context, options.MaxBodyBytes), options);
        using var use = await models.UseAsync(request.Model, context.RequestAborted);
        var model = use.Model;
        var head = ReplyHead.New("chatcmpl-", model, request.Model, options.Time);
        using var answer = model.Submit(context, request.ToChatRequest(model));
        if (request.Stream)
        {
            var events = new EventStream(context, options.PingInterval, options.Time);
            await new ChatCompletionStream(request, model, head, events, options.Prices).RunAsync(answer);
            return;
        }

        var reply = Reply(head, model, await CollectedAnswer.ReadAsync(answer, context.RequestAborted));
        await Replies.WriteAsync(context, reply, OpenAiJson.Relaxed.ChatCompletionReply);
    }

    private ChatCompletionReply Reply(ReplyHead head, ServedModel model, CollectedAnswer[] answers)
    {
        var ends = answers.Select(answer => answer.End!).ToArray();
        return new ChatCompletionReply(
            head.Id,
            head.Created,
            head.Model,
            head.Fingerprint,
            [.. answers.Select((answer, index) => Choice(answer, index, model))],
            Usage.Of([.. ends.Select(end => end.Usage)]) with { Cost = Cost.Of(options.Prices, model.Name, ends) },
            Timings.Of(ends[0].Usage, ends[0].Timings));
    }

    private static ChatReplyChoice Choice(CollectedAnswer answer, int index, ServedModel model)
    {
        var calls = answer.Calls;
        var message = new ReplyMessage
        {
            Content = answer.Text.Length == 0 && calls.Count > 0 ? null : answer.Text,
            ReasoningContent = answer.Reasoning,
            ToolCalls = calls.Count == 0 ? null : [.. calls.Select(call => new ReplyCall { Id = call.Id, Type = ReplyCall.TypeOf(call.Name), Function = new ReplyFunction(call.Name, call.Arguments) })],
        };
        var logprobs = answer.Scores.Count == 0 ? null : TokenScoring.Chat(answer.Scores, model.Engine.Tokenizer);
        return new ChatReplyChoice(index, message, logprobs, FinishReasons.Of(answer.End!.Reason));
    }
}
