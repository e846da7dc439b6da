using Crescent.Engine.Chat;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Training.Judging;

/// <summary>The first answer to a prompt.</summary>
public sealed record SampleAnswer(string Prompt, string Text, IReadOnlyList<string> Calls, int Tokens, bool IsWhole)
{
    /// <exception cref="InvalidDataException">A sample has neither text nor prompt, or both.</exception>
    public static async Task<SampleAnswer> MakeAsync(ChatEngine engine, SampleOptions sample, JudgeOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(options);
        if ((sample.Text is null) == (sample.Prompt is null))
        {
            throw new InvalidDataException("samples: expected 'text' or 'prompt' in each, found " + (sample.Text is null ? "neither" : "both"));
        }

        var conversation = sample.Prompt is null ? null : Conversation(sample);
        using var answer = engine.Submit(
            new ChatRequest
            {
                Prompt = conversation is null ? Ids(engine.Tokenizer, sample.Text!) : engine.Encode(conversation),
                Conversation = conversation,
                Sampling = options.Sampling,
                MaxTokens = sample.MostTokens,
            },
            cancellation);
        var collected = (await CollectedAnswer.ReadAsync(answer, cancellation).ConfigureAwait(false))[0];
        return new SampleAnswer(
            sample.Text ?? sample.Prompt!, collected.Text, [.. collected.Calls.Select(JudgedTurn.Spell)], collected.End!.Usage.Completion, collected.End.Reason != AnswerEnd.Length);
    }

    private static PromptRequest Conversation(SampleOptions sample) =>
        new([.. sample.System is { } system ? [new ChatMessage("system", system)] : Array.Empty<ChatMessage>(), new ChatMessage("user", sample.Prompt)]) { Tools = [.. sample.Tools.Select(tool => new ToolDefinition(tool))] };

    private static List<int> Ids(Tokenizer tokenizer, string text)
    {
        var ids = new List<int>();
        tokenizer.Encode(text, ids, TextTrust.Untrusted);
        return ids;
    }
}
