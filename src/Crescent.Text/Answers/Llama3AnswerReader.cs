using System.Buffers;
using System.Text;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Answers;

/// <summary>
/// Reads the answers of Llama 3 (reference models.md 5.6). A call is an object with name and parameters that begins the answer, where tools are on offer and one has that
/// name, or that follows <c>&lt;|python_tag|&gt;</c>. Several may stand one after another.
/// </summary>
public sealed class Llama3AnswerReader : AnswerReader
{
    private const string PythonTag = "<|python_tag|>";

    // Also between two calls.
    private static readonly SearchValues<char> s_blanks = SearchValues.Create(" \t\r\n;,");

    private enum State
    {
        /// <summary>Text or reasoning.</summary>
        Body,

        /// <summary>Where an object would be a call.</summary>
        BeforeCall,

        Call,
    }

    private readonly ThinkingState _thinking;
    private readonly ToolNames _tools;
    private readonly CallCounter _calls;
    private readonly StringBuilder _blanks = new();
    private State _state;
    private bool _afterTag;
    private JsonCallReader? _call;

    internal Llama3AnswerReader(Tokenizer tokenizer, PromptRequest request, IEnumerable<string> stopNames, bool isThinking)
        : base(tokenizer, [PythonTag, "<|end_header_id|>", .. ThinkingState.Markers, .. stopNames])
    {
        _thinking = new ThinkingState(Writer, isThinking);
        _tools = new ToolNames(request);
        _calls = new CallCounter(request);
        _state = _tools.Any && !isThinking && !request.ContinueLastMessage ? State.BeforeCall : State.Body;
    }

    private protected override void OnText(string text)
    {
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            switch (_state)
            {
                case State.Body:
                    _thinking.Text(rest.ToString());
                    return;
                case State.BeforeCall:
                    var blanks = rest.IndexOfAnyExcept(s_blanks) is >= 0 and var first ? first : rest.Length;
                    _blanks.Append(rest[..blanks]);
                    rest = rest[blanks..];
                    if (!rest.IsEmpty)
                    {
                        Decide(rest[0]);
                    }

                    break;
                default:
                    rest = rest[_call!.Push(rest)..];
                    if (_call.HasFailed || _call.IsDone)
                    {
                        EndCall();
                    }

                    break;
            }
        }
    }

    private protected override void OnMarker(string marker)
    {
        if (marker == PythonTag)
        {
            EndCall();
            _thinking.End();
            _afterTag = true;
            _blanks.Clear();
            _state = State.BeforeCall;
            return;
        }

        var wasThinking = _thinking.IsThinking;
        if (_state != State.Call && _thinking.TryMarker(marker) && wasThinking != _thinking.IsThinking)
        {
            // An answer after reasoning may be a call too.
            _blanks.Clear();
            _state = wasThinking && _tools.Any ? State.BeforeCall : State.Body;
        }
    }

    private protected override void OnFinish()
    {
        EndCall();
        _thinking.Text(_blanks.ToString());
        _blanks.Clear();
    }

    private void Decide(char first)
    {
        if (first == '{')
        {
            _call = new JsonCallReader(Writer, _calls, name => (_afterTag && name.Length > 0) || _tools.Contains(_tools.Bare(name)) ? _tools.Bare(name) : null, isStrict: true);
            _state = State.Call;
        }
        else
        {
            Body("");
        }
    }

    // Back to text, with the blanks before it.
    private void Body(string text)
    {
        _state = State.Body;
        text = _blanks + text;
        _blanks.Clear();
        _thinking.Text(text);
    }

    private void EndCall()
    {
        var call = _call;
        _call = null;
        if (call is null)
        {
            return;
        }

        if (call.Finish())
        {
            _blanks.Clear();
            _state = State.BeforeCall;
        }
        else
        {
            Body(call.Text);
        }
    }
}
