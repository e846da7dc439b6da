using Crescent.Engine.Chat;
using Crescent.Server.Answers;
using Crescent.Server.Anthropic.Wire;
using Crescent.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Anthropic;

/// <summary>A streamed answer of <c>/v1/messages</c>: the message without content, its blocks one after the other, why it ended, its end.</summary>
/// <param name="head">The message without content.</param>
/// <param name="limit">Most tokens of prompt and answer.</param>
internal sealed class MessageStream(HttpContext context, EventStream events, MessageReply head, int limit)
{
    private readonly AnswerSections _sections = new();
    private bool _hasBegun;

    /// <exception cref="ChatException">The answer failed before its first event.</exception>
    public async Task RunAsync(IAsyncEnumerable<ChatUpdate> answer)
    {
        try
        {
            await foreach (var update in answer)
            {
                await SendAsync(update);
            }
        }
        catch (Exception exception) when (events.HasBegun && exception is not OperationCanceledException)
        {
            // The status went out long ago: the error is the last event.
            await events.SendAsync(AnthropicErrors.Of(context, ErrorMapping.ToError(exception)), AnthropicJson.Relaxed.ErrorMessage, "error");
        }
    }

    private async Task SendAsync(ChatUpdate update)
    {
        switch (update)
        {
            case PrefillUpdate prefill:
                await BeginAsync(prefill.Cached);
                break;
            case PieceUpdate piece:
                await BeginAsync(0);
                await SendAsync(piece.Events.SelectMany(_sections.Push));
                break;
            case EndUpdate end:
                await BeginAsync(end.Usage.Cached);
                await SendAsync(_sections.Finish());
                await events.SendAsync(new MessageDeltaEvent(StopReasons.Of(end, limit), MessageUsage.Of(end.Usage)), AnthropicJson.Relaxed.MessageDeltaEvent, MessageDeltaEvent.Name);
                await SendAsync(new MessageEvent("message_stop"));
                break;
        }
    }

    private async Task BeginAsync(int cached)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            var usage = new MessageUsage(head.Usage.InputTokens - cached, 0, cached);
            await SendAsync(new MessageEvent("message_start") { Message = head with { Usage = usage } });
        }
    }

    private async Task SendAsync(IEnumerable<SectionStep> steps)
    {
        foreach (var one in steps.SelectMany(MessageEvents.Of))
        {
            await SendAsync(one);
        }
    }

    private Task SendAsync(MessageEvent one) => events.SendAsync(one, AnthropicJson.Relaxed.MessageEvent, one.Type);
}
