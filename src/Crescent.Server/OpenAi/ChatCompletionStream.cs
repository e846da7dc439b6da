using Crescent.Engine.Chat;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi.Wire;
using Crescent.Server.Prices;
using Crescent.Text.Answers;

namespace Crescent.Server.OpenAi;

/// <summary>A streamed answer of <c>/v1/chat/completions</c>: a chunk that opens each choice, chunks of what is new, one that closes it, usage, [DONE].</summary>
internal sealed class ChatCompletionStream(ChatCompletionRequest request, ServedModel model, ReplyHead head, EventStream events, PriceList? prices)
{
    private readonly bool[] _isOpen = new bool[request.Choices];
    private readonly EndUpdate[] _ends = new EndUpdate[request.Choices];

    /// <exception cref="ChatException">The answer failed before its first chunk.</exception>
    public async Task RunAsync(ChatAnswer answer)
    {
        try
        {
            await foreach (var update in events.WithPingsAsync(answer))
            {
                await SendAsync(update);
            }

            if (request.IncludeUsage)
            {
                await SendAsync(Chunk() with { Usage = new UsageSlot(UsageOf(_ends)) });
            }

            await events.SendDoneAsync();
        }
        catch (Exception exception) when (events.HasBegun && exception is not OperationCanceledException)
        {
            // The status went out long ago: the error is the last event.
            await events.SendAsync(ErrorReply.Of(ErrorMapping.ToError(exception)), OpenAiJson.Relaxed.ErrorReply);
        }
    }

    private async Task SendAsync(ChatUpdate update)
    {
        switch (update)
        {
            case PrefillUpdate progress:
                await ReportAsync(progress);
                break;
            case PieceUpdate piece:
                await OpenAsync(piece.Choice);
                await SendAsync(piece);
                break;
            case EndUpdate end:
                await OpenAsync(end.Choice);
                await CloseAsync(end);
                break;
        }
    }

    private async Task ReportAsync(PrefillUpdate progress)
    {
        if (!request.ReturnProgress)
        {
            return;
        }

        await OpenAsync(progress.Choice);
        await SendAsync(Chunk(new ChunkChoice(progress.Choice, new ChunkDelta())) with
        {
            PromptProgress = new PromptProgress(progress.Total, progress.Cached, progress.Processed, (long)progress.Elapsed.TotalMilliseconds),
        });
    }

    private async Task OpenAsync(int choice)
    {
        if (!_isOpen[choice])
        {
            _isOpen[choice] = true;
            await SendAsync(Chunk(new ChunkChoice(choice, new ChunkDelta { Role = "assistant", Content = "" })));
        }
    }

    private async Task SendAsync(PieceUpdate piece)
    {
        var logprobs = piece.Scores.Count == 0 ? null : TokenScoring.Chat(piece.Scores, model.Engine.Tokenizer);
        if (piece.Events.Count == 0)
        {
            await SendAsync(Chunk(new ChunkChoice(piece.Choice, new ChunkDelta { Content = "" }, logprobs)));
        }

        foreach (var delta in piece.Events.Select(Delta).OfType<ChunkDelta>())
        {
            await SendAsync(Chunk(new ChunkChoice(piece.Choice, delta, logprobs)));
            logprobs = null; // with the first alone
        }
    }

    private static ChunkDelta? Delta(AnswerEvent piece) => piece.Kind switch
    {
        AnswerEventKind.Text => new ChunkDelta { Content = piece.Text },
        AnswerEventKind.Reasoning => new ChunkDelta { ReasoningContent = piece.Text },
        AnswerEventKind.CallBegin => Call(new ReplyCall { Index = piece.CallIndex, Id = piece.CallId, Type = ReplyCall.TypeOf(piece.CallName!), Function = new ReplyFunction(piece.CallName, "") }),
        AnswerEventKind.CallArguments => Call(new ReplyCall { Index = piece.CallIndex, Function = new ReplyFunction(null, piece.Text) }),
        _ => null,
    };

    private static ChunkDelta Call(ReplyCall call) => new() { ToolCalls = [call] };

    private Task CloseAsync(EndUpdate end)
    {
        _ends[end.Choice] = end;
        var choice = new ChunkChoice(end.Choice, new ChunkDelta(), null, FinishReasons.Of(end.Reason)) { Usage = UsageOf(end) };
        return SendAsync(Chunk(choice) with { Timings = Timings.Of(end.Usage, end.Timings) });
    }

    private Usage UsageOf(params EndUpdate[] ends) => Usage.Of([.. ends.Select(end => end.Usage)]) with { Cost = Cost.Of(prices, model.Name, ends) };

    private ChatChunk Chunk(params IReadOnlyList<ChunkChoice> choices) => new(head.Id, head.Created, head.Model, head.Fingerprint, choices)
    {
        Usage = request.IncludeUsage ? new UsageSlot(null) : null,
    };

    private Task SendAsync(ChatChunk chunk) => events.SendAsync(chunk, OpenAiJson.Relaxed.ChatChunk);
}
