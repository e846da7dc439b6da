using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Grammars;

namespace Crescent.Training.Judging;

/// <summary>Has a model answer turns, and compares.</summary>
public sealed class ToolJudge(ChatEngine engine, JudgeOptions options)
{
    private readonly int[] _markers = [.. new[] { "<|tool_calls_section_begin|>", "<|tool_call_begin|>" }.Select(engine.Tokenizer.FindMarker).OfType<int>()];

    /// <summary>Whether there is room for a turn's prompt and its answer.</summary>
    public bool Fits(ToolTurn turn)
    {
        ArgumentNullException.ThrowIfNull(turn);
        return engine.Encode(turn.Prompt).Length + options.MostTokens <= engine.Context;
    }

    /// <summary>Answers of a model that takes the likeliest token of all.</summary>
    /// <param name="isBound">Whether answers are bound to calls that fit their schemas, as for a request whose tool choice is <c>required</c>.</param>
    /// <param name="visit">Is told after each turn.</param>
    public async Task<IReadOnlyList<JudgedTurn>> RunAsync(IReadOnlyList<ToolTurn> turns, bool isBound, Action? visit, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(turns);
        var judged = new JudgedTurn[turns.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, turns.Count),
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellation },
            async (i, token) =>
            {
                judged[i] = await AnswerAsync(turns[i], isBound, token).ConfigureAwait(false);
                visit?.Invoke();
            }).ConfigureAwait(false);
        return judged;
    }

    private async Task<JudgedTurn> AnswerAsync(ToolTurn turn, bool isBound, CancellationToken cancellation)
    {
        var grammar = isBound ? engine.Bind(turn.Prompt, new AnswerForm { Calls = ToolCallMode.Required }) : null;
        using var answer = engine.Submit(
            new ChatRequest
            {
                Prompt = engine.Encode(turn.Prompt),
                Conversation = turn.Prompt,
                Sampling = new SamplingOptions { Temperature = 0 },
                MaxTokens = Math.Max(options.MostTokens, grammar?.TokensNeeded ?? 0),
                Grammar = grammar,
                TopScores = 0, // with them come the ids of markers that the reader dropped
            },
            cancellation);
        var collected = (await CollectedAnswer.ReadAsync(answer, cancellation).ConfigureAwait(false))[0];
        var outcome = TurnOutcome.Of(turn, collected.Calls, collected.End!.Reason != AnswerEnd.Length, collected.Ids.Any(_markers.Contains));
        return new JudgedTurn(
            turn.Kind, turn.Key, outcome, collected.Text, [.. collected.Calls.Select(JudgedTurn.Spell)], turn.IsCall ? [.. turn.Recorded.ToolCalls.Select(JudgedTurn.Spell)] : [turn.Recorded.Content ?? ""]);
    }
}
