using Crescent.Text.Tokenizers;

namespace Crescent.Text.Answers;

/// <summary>Reads an answer whose text is the answer, with reasoning before it at most.</summary>
public sealed class PlainAnswerReader : AnswerReader
{
    private readonly ThinkingState _thinking;

    /// <summary>For text without a template: every character of it is the answer.</summary>
    public PlainAnswerReader(Tokenizer tokenizer)
        : base(tokenizer)
    {
        _thinking = new ThinkingState(Writer);
    }

    /// <param name="stopNames">Names of the markers that end a turn.</param>
    /// <param name="isThinking">Whether the prompt ends within opened reasoning.</param>
    internal PlainAnswerReader(Tokenizer tokenizer, IEnumerable<string> stopNames, bool isThinking)
        : base(tokenizer, [.. ThinkingState.Markers, .. stopNames])
    {
        Writer.TrimsNewlines = true;
        _thinking = new ThinkingState(Writer, isThinking);
    }

    private protected override void OnText(string text) => _thinking.Text(text);

    private protected override void OnMarker(string marker) => _thinking.TryMarker(marker);

    private protected override void OnFinish()
    {
    }
}
