using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Answers;

/// <summary>Reads the answers of Qwen and its like (reference models.md 5.5): reasoning, text, and calls as JSON between their markers.</summary>
public sealed class ChatMlAnswerReader : AnswerReader
{
    private const string Begin = "<tool_call>";
    private const string End = "</tool_call>";

    private readonly ThinkingState _thinking;
    private readonly ToolNames _tools;
    private readonly CallCounter _calls;
    private JsonCallReader? _call;

    internal ChatMlAnswerReader(Tokenizer tokenizer, PromptRequest request, IEnumerable<string> stopNames, bool isThinking)
        : base(tokenizer, [Begin, End, "<tool_response>", "</tool_response>", .. ThinkingState.Markers, .. stopNames])
    {
        Writer.TrimsNewlines = true;
        _thinking = new ThinkingState(Writer, isThinking);
        _tools = new ToolNames(request);
        _calls = new CallCounter(request);
    }

    private protected override void OnText(string text)
    {
        if (_call is null)
        {
            _thinking.Text(text);
            return;
        }

        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (_call.IsDone)
            {
                // Only another object may follow; anything else between the markers says nothing.
                var brace = rest.IndexOf('{');
                if (brace < 0)
                {
                    return;
                }

                rest = rest[brace..];
                EndCall();
                _call = NewCall();
            }

            rest = rest[_call.Push(rest)..];
        }
    }

    private protected override void OnMarker(string marker)
    {
        switch (marker)
        {
            case Begin:
                EndCall();
                _thinking.End();
                _call = NewCall();
                break;
            case End:
                EndCall();
                break;
            default:
                if (_call is null)
                {
                    _thinking.TryMarker(marker);
                }

                break;
        }
    }

    private protected override void OnFinish() => EndCall();

    private JsonCallReader NewCall() => new(Writer, _calls, name => name.Length > 0 ? _tools.Bare(name) : null, isStrict: false);

    // What is no call is shown as it is.
    private void EndCall()
    {
        var call = _call;
        _call = null;
        if (call?.Finish() == false)
        {
            _thinking.Text(call.Text);
        }
    }
}
