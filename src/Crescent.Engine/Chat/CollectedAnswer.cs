using System.Text;
using Crescent.Engine.Runtime;
using Crescent.Text.Answers;
using Crescent.Text.Templates;

namespace Crescent.Engine.Chat;

/// <summary>An answer put together from its updates, for whoever wants it whole.</summary>
public sealed class CollectedAnswer
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<(string Id, string Name, StringBuilder Arguments)> _calls = [];
    private readonly List<int> _ids = [];
    private readonly List<ScoredToken> _scores = [];

    public string Text => _text.ToString();

    /// <summary>Null where the model did not reason.</summary>
    public string? Reasoning => _reasoning.Length > 0 ? _reasoning.ToString() : null;

    public IReadOnlyList<ToolCall> Calls => [.. _calls.Select(call => new ToolCall(call.Id, call.Name, call.Arguments.ToString()))];

    public IReadOnlyList<int> Ids => _ids;

    public IReadOnlyList<ScoredToken> Scores => _scores;

    public IReadOnlyList<ScoredToken?> PromptScores { get; private set; } = [];

    /// <summary>The prompt's embedding; null where it was not asked for.</summary>
    public IReadOnlyList<float>? Embedding { get; private set; }

    /// <summary>Null until the answer is complete.</summary>
    public EndUpdate? End { get; private set; }

    /// <summary>Reads a request's answers to their ends.</summary>
    /// <inheritdoc cref="ChatAnswer.ReadAsync"/>
    public static async Task<CollectedAnswer[]> ReadAsync(ChatAnswer answer, CancellationToken cancellation = default)
    {
        var collected = new CollectedAnswer[answer.Request.Choices];
        for (var i = 0; i < collected.Length; i++)
        {
            collected[i] = new CollectedAnswer();
        }

        await foreach (var update in answer.ReadAsync(cancellation).ConfigureAwait(false))
        {
            collected[update.Choice].Add(update);
        }

        return collected;
    }

    public void Add(ChatUpdate update)
    {
        switch (update)
        {
            case PromptUpdate prompt:
                PromptScores = prompt.Scores;
                break;
            case EmbeddingUpdate embedded:
                Embedding = embedded.Embedding;
                break;
            case PieceUpdate piece:
                _ids.AddRange(piece.Ids);
                _scores.AddRange(piece.Scores);
                foreach (var one in piece.Events)
                {
                    Add(one);
                }

                break;
            case EndUpdate end:
                End = end;
                break;
        }
    }

    private void Add(AnswerEvent piece)
    {
        switch (piece.Kind)
        {
            case AnswerEventKind.Text:
                _text.Append(piece.Text);
                break;
            case AnswerEventKind.Reasoning:
                _reasoning.Append(piece.Text);
                break;
            case AnswerEventKind.CallBegin:
                _calls.Add((piece.CallId ?? "", piece.CallName ?? "", new StringBuilder()));
                break;
            case AnswerEventKind.CallArguments:
                _calls[^1].Arguments.Append(piece.Text);
                break;
        }
    }
}
