using System.Text;
using Crescent.Engine.Chat;
using Crescent.Engine.Runtime;
using Crescent.Server.Answers;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi.Wire;
using Crescent.Text.Answers;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.OpenAi;

/// <summary><c>POST /v1/completions</c></summary>
internal sealed class CompletionsEndpoint(ModelRegistry models, ServerOptions options)
{
    public async Task AnswerAsync(HttpContext context)
    {
        var request = CompletionRequest.Read(await RequestBody.ReadAsync(context, options.MaxBodyBytes), options);
        using var use = await models.UseAsync(request.Model, context.RequestAborted);
        var model = use.Model;
        var head = ReplyHead.New("cmpl-", model, request.Model, options.Time);
        if (request.Stream)
        {
            await StreamAsync(context, request, model, head);
        }
        else
        {
            await ReplyAsync(context, request, model, head);
        }
    }

    private static async Task ReplyAsync(HttpContext context, CompletionRequest request, ServedModel model, ReplyHead head)
    {
        var answers = await PromptBatch.RunAsync(context, model, request.Prompts.Select(prompt => request.ToChatRequest(model, prompt)));
        var choices = answers.SelectMany((answer, prompt) => answer.Select((one, index) => Choice(request, model, request.Prompts[prompt], one, answer[0].PromptScores, (prompt * request.Choices) + index)));
        var first = answers[0][0].End!;
        await Replies.WriteAsync(
            context,
            new CompletionReply(head.Id, head.Created, head.Model, head.Fingerprint, [.. choices])
            {
                Usage = new UsageSlot(Total(answers.Select(answer => answer.Select(one => one.End!.Usage).ToArray()))),
                Timings = Timings.Of(first.Usage, first.Timings),
            },
            OpenAiJson.Relaxed.CompletionReply);
    }

    private static CompletionChoice Choice(CompletionRequest request, ServedModel model, CompletionPrompt prompt, CollectedAnswer answer, IReadOnlyList<ScoredToken?> promptScores, int index)
    {
        var tokenizer = model.Engine.Tokenizer;
        var isEmpty = request.MaxTokens == 0;
        var echo = request.Echo ? prompt.Show(tokenizer) : "";
        var logprobs = request.Logprobs is null ? null : Logprobs(request, model, prompt, answer, promptScores, isEmpty);
        return new CompletionChoice(isEmpty ? echo : echo + answer.Text, index, isEmpty ? "length" : FinishReasons.Of(answer.End!.Reason), logprobs);
    }

    private static CompletionLogprobs Logprobs(CompletionRequest request, ServedModel model, CompletionPrompt prompt, CollectedAnswer answer, IReadOnlyList<ScoredToken?> promptScores, bool isEmpty)
    {
        var scores = (request.Echo ? promptScores : []).Concat(isEmpty ? [] : answer.Scores).ToArray();
        var ids = (request.Echo ? prompt.Encode(model.Engine.Tokenizer) : []).Concat(isEmpty ? [] : answer.Ids).ToArray();
        return TokenScoring.Completion(scores, ids, model.Engine.Tokenizer, startOfText: request.Echo, offset: 0);
    }

    private static Usage Total(IEnumerable<AnswerUsage[]> prompts)
    {
        var all = prompts.ToArray();
        return Usage.Of(all.Sum(prompt => prompt[0].Prompt), all.Sum(prompt => prompt[0].Cached), [.. all.SelectMany(prompt => prompt)]);
    }

    // Prompts follow one another; a prompt's choices alternate.
    private async Task StreamAsync(HttpContext context, CompletionRequest request, ServedModel model, ReplyHead head)
    {
        var events = new EventStream(context, options.PingInterval, options.Time);
        var usage = new List<AnswerUsage[]>();
        try
        {
            for (var i = 0; i < request.Prompts.Count; i++)
            {
                using var answer = model.Submit(context, request.ToChatRequest(model, request.Prompts[i]));
                usage.Add(await StreamAsync(events, answer, request, model, head, i));
            }

            if (request.IncludeUsage)
            {
                await SendAsync(events, new CompletionReply(head.Id, head.Created, head.Model, head.Fingerprint, []) { Usage = new UsageSlot(Total(usage)) });
            }

            await events.SendDoneAsync();
        }
        catch (Exception exception) when (events.HasBegun && exception is not OperationCanceledException)
        {
            await events.SendAsync(ErrorReply.Of(ErrorMapping.ToError(exception)), OpenAiJson.Relaxed.ErrorReply);
        }
    }

    private static async Task<AnswerUsage[]> StreamAsync(EventStream events, ChatAnswer answer, CompletionRequest request, ServedModel model, ReplyHead head, int prompt)
    {
        var usage = new AnswerUsage[request.Choices];
        var offsets = new int[request.Choices];
        var echoed = new bool[request.Choices];
        IReadOnlyList<ScoredToken?> promptScores = [];
        await foreach (var update in events.WithPingsAsync(answer))
        {
            promptScores = update is PromptUpdate scored ? scored.Scores : promptScores;
            if (update is (PieceUpdate or EndUpdate) && request.Echo && !echoed[update.Choice])
            {
                echoed[update.Choice] = true;
                var text = request.Prompts[prompt].Show(model.Engine.Tokenizer);
                var logprobs = request.Logprobs is null ? null : TokenScoring.Completion(promptScores, answer.Request.Prompt, model.Engine.Tokenizer, startOfText: true, offset: 0);
                offsets[update.Choice] = text.Length;
                await SendAsync(update.Choice, text, logprobs, null, null);
            }

            switch (update)
            {
                case PieceUpdate piece when request.MaxTokens > 0:
                    var added = new StringBuilder().AppendJoin("", piece.Events.Where(one => one.Kind == AnswerEventKind.Text).Select(one => one.Text)).ToString();
                    var scores = piece.Scores.Count == 0 ? null : TokenScoring.Completion(piece.Scores, piece.Ids, model.Engine.Tokenizer, startOfText: false, offsets[piece.Choice]);
                    offsets[piece.Choice] += added.Length;
                    await SendAsync(piece.Choice, added, scores, null, null);
                    break;
                case EndUpdate end:
                    usage[end.Choice] = end.Usage;
                    await SendAsync(end.Choice, "", null, FinishReasons.Of(end.Reason), Timings.Of(end.Usage, end.Timings));
                    break;
            }
        }

        return usage;

        Task SendAsync(int choice, string text, CompletionLogprobs? logprobs, string? finishReason, Timings? timings) =>
            CompletionsEndpoint.SendAsync(events, new CompletionReply(
                head.Id, head.Created, head.Model, head.Fingerprint, [new CompletionChoice(text, (prompt * request.Choices) + choice, finishReason, logprobs)])
            {
                Usage = request.IncludeUsage ? new UsageSlot(null) : null,
                Timings = timings,
            });
    }

    private static Task SendAsync(EventStream events, CompletionReply reply) => events.SendAsync(reply, OpenAiJson.Relaxed.CompletionReply);
}
