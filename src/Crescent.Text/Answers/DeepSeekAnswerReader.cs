using System.Text;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Answers;

/// <summary>
/// Reads the answers of DeepSeek V3, R1 and V3.1 (reference models.md 5.4). A call is <c>NAME, separator, arguments</c>, or with the older models
/// <c>function, separator, NAME</c> and the arguments in a fence of their own lines.
/// </summary>
public sealed class DeepSeekAnswerReader : AnswerReader
{
    private const string Blanks = " \t\r\n";

    private enum State
    {
        /// <summary>Text or reasoning.</summary>
        Body,

        /// <summary>Between calls.</summary>
        Section,

        /// <summary>Before the separator.</summary>
        Head,

        /// <summary>On the line of the name.</summary>
        Name,

        /// <summary>On the line that opens the fence.</summary>
        Fence,

        Arguments,
    }

    private static readonly string[] s_markers =
    [
        "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>",
        "<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>", "<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>", "<｜Assistant｜>",
    ];

    private readonly ThinkingState _thinking;
    private readonly ToolNames _tools;
    private readonly CallCounter _calls;
    private readonly StringBuilder _head = new();
    private State _state;
    private bool _inSection;

    internal DeepSeekAnswerReader(Tokenizer tokenizer, PromptRequest request, IEnumerable<string> stopNames, bool isThinking)
        : base(tokenizer, [.. s_markers, .. ThinkingState.Markers, .. stopNames])
    {
        Writer.TrimsNewlines = true;
        Writer.ArgumentBlanks = Blanks + "`";
        _thinking = new ThinkingState(Writer, isThinking);
        _tools = new ToolNames(request);
        _calls = new CallCounter(request);
    }

    private protected override void OnText(string text)
    {
        switch (_state)
        {
            case State.Body:
                _thinking.Text(text);
                break;
            case State.Head:
                _head.Append(text);
                break;
            case State.Name:
                _head.Append(text);
                ReadName(isComplete: false);
                break;
            case State.Fence:
                _head.Append(text);
                ReadFence(isComplete: false);
                break;
            case State.Arguments:
                Writer.Arguments(text);
                break;
        }
    }

    private protected override void OnMarker(string marker)
    {
        switch (marker)
        {
            case "<｜tool▁calls▁begin｜>":
                EndCall();
                _thinking.End();
                _inSection = true;
                _state = State.Section;
                break;
            case "<｜tool▁calls▁end｜>":
                EndCall();
                _inSection = false;
                _state = State.Body;
                break;
            case "<｜tool▁call▁begin｜>":
                EndCall();
                _thinking.End();
                _state = State.Head;
                break;
            case "<｜tool▁sep｜>" when _state == State.Head:
                Separate();
                break;
            case "<｜tool▁call▁end｜>":
                EndCall();
                _state = _inSection ? State.Section : State.Body;
                break;
            default:
                if (_state == State.Body)
                {
                    _thinking.TryMarker(marker);
                }

                break;
        }
    }

    private protected override void OnFinish() => EndCall();

    private void Separate()
    {
        var head = Take().Trim();
        if (head is "function" or "")
        {
            _state = State.Name;
        }
        else
        {
            BeginCall(head);
            _state = State.Arguments;
        }
    }

    // A name, up to its line's end or the arguments; arguments at once mean a tool of the name "function".
    private void ReadName(bool isComplete)
    {
        var text = _head.ToString();
        var start = text.Length - text.TrimStart(Blanks.ToCharArray()).Length;
        var end = text.AsSpan(start).IndexOfAny("\n{`") is >= 0 and var found ? start + found : isComplete ? text.Length : -1;
        if (start == text.Length || end < 0)
        {
            return;
        }

        var name = text[start..end].Trim();
        _head.Clear().Append(text, end, text.Length - end);
        BeginCall(name.Length == 0 ? "function" : name);
        _state = State.Fence;
        ReadFence(isComplete);
    }

    // Past ```json and its line's end; arguments without a fence begin at once.
    private void ReadFence(bool isComplete)
    {
        var text = _head.ToString().TrimStart(Blanks.ToCharArray());
        if (text.Length == 0)
        {
            return;
        }

        var start = text[0] == '`' ? text.AsSpan().IndexOfAny("\n{") : 0;
        if (start < 0 && !isComplete)
        {
            return;
        }

        _head.Clear();
        _state = State.Arguments;
        Writer.Arguments(start < 0 ? "" : text[start..]);
    }

    private void BeginCall(string name) => Writer.BeginCall(_calls.NextId(), _tools.Bare(name));

    private void EndCall()
    {
        switch (_state)
        {
            case State.Name:
                ReadName(isComplete: true);
                break;
            case State.Fence:
                ReadFence(isComplete: true);
                break;
            case State.Head:
                // No separator: nobody can tell name from arguments.
                _state = State.Body;
                _thinking.Text(Take());
                break;
        }

        _head.Clear();
        Writer.EndCall();
    }

    private string Take()
    {
        var text = _head.ToString();
        _head.Clear();
        return text;
    }
}
