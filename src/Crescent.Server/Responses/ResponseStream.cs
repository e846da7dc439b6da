using Crescent.Engine.Chat;
using Crescent.Server.Answers;
using Crescent.Server.Http;
using Crescent.Server.Responses.Wire;

namespace Crescent.Server.Responses;

/// <summary>A streamed answer of <c>/v1/responses</c>.</summary>
internal sealed class ResponseStream(EventStream events, ResponseWriter writer)
{
    private readonly AnswerSections _sections = new();
    private readonly ResponseEvents _items = new(writer);
    private int _sequenceNumber;

    /// <param name="keep">Gets the whole answer before the client learns that it is complete, and may go on from it.</param>
    /// <exception cref="ChatException">The answer failed before its first event.</exception>
    public async Task RunAsync(IAsyncEnumerable<ChatUpdate> answer, Action<SectionedAnswer> keep)
    {
        try
        {
            EndUpdate? end = null;
            await foreach (var update in answer)
            {
                await BeginAsync();
                await SendAsync(((update as PieceUpdate)?.Events ?? []).SelectMany(_sections.Push));
                end = update as EndUpdate ?? end;
            }

            await SendAsync(_sections.Finish(), isCut: end!.Reason == AnswerEnd.Length);
            keep(new SectionedAnswer(_sections.All, end));
            var reply = writer.End(_sections.All, end);
            await SendAsync(new ResponseEvent($"response.{reply.Status}") { Response = reply });
        }
        catch (Exception exception) when (events.HasBegun && exception is not OperationCanceledException)
        {
            // The status went out long ago: the error is the last event.
            await SendAsync(new ResponseEvent("response.failed") { Response = writer.Fail(ErrorMapping.ToError(exception)) });
        }
    }

    private async Task BeginAsync()
    {
        if (_sequenceNumber == 0)
        {
            await SendAsync(new ResponseEvent("response.created") { Response = writer.Begun });
            await SendAsync(new ResponseEvent("response.in_progress") { Response = writer.Begun });
        }
    }

    private async Task SendAsync(IEnumerable<SectionStep> steps, bool isCut = false)
    {
        foreach (var one in steps.SelectMany(step => _items.Of(step, isCut)))
        {
            await SendAsync(one);
        }
    }

    private Task SendAsync(ResponseEvent one) => events.SendAsync(one with { SequenceNumber = _sequenceNumber++ }, ResponsesJson.Relaxed.ResponseEvent, one.Type);
}
