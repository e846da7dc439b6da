using System.Text;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Answers;

/// <summary>
/// Reads the answers of Kimi K2 (reference models.md 5.1, ecosystem.md 1.8): calls stand in a section, a call's id before its arguments holds the tool's name. Bears
/// damaged ids, calls outside a section, missing ends and calls within unclosed reasoning. Ids are given out as <c>functions.NAME:N</c>, N counting over the conversation.
/// </summary>
public sealed class KimiAnswerReader : AnswerReader
{
    private enum State
    {
        /// <summary>Text or reasoning.</summary>
        Body,

        /// <summary>In a section, between calls.</summary>
        Section,

        /// <summary>In a call's id.</summary>
        Id,

        Arguments,
    }

    private static readonly string[] s_markers =
    [
        "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_section_begin|>", "<|tool_call_section_end|>",
        "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>", "<|im_middle|>",
    ];

    private readonly ThinkingState _thinking;
    private readonly ToolNames _tools;
    private readonly KimiCallIds _ids;
    private readonly StringBuilder _id = new();
    private State _state;
    private bool _inSection;
    private bool _afterCall;

    internal KimiAnswerReader(Tokenizer tokenizer, PromptRequest request, IEnumerable<string> stopNames, bool isThinking)
        : base(tokenizer, [.. s_markers, .. ThinkingState.Markers, .. stopNames])
    {
        _thinking = new ThinkingState(Writer, isThinking);
        _tools = new ToolNames(request);
        _ids = KimiCallIds.Of(request.Messages);
    }

    private protected override void OnText(string text)
    {
        switch (_state)
        {
            case State.Body:
                Body(text);
                break;
            case State.Arguments:
                Writer.Arguments(text);
                break;
            default:
                _id.Append(text);
                break;
        }
    }

    private protected override void OnMarker(string marker)
    {
        switch (marker)
        {
            case "<|tool_calls_section_begin|>" or "<|tool_call_section_begin|>":
                EndCall();
                _inSection = true;
                Enter(State.Section);
                break;
            case "<|tool_calls_section_end|>" or "<|tool_call_section_end|>":
                EndCall();
                _inSection = false;
                _state = State.Body;
                break;
            case "<|tool_call_begin|>":
                EndCall();
                Enter(State.Id);
                break;
            case "<|tool_call_argument_begin|>" when _state is State.Section or State.Id:
                BeginCall(_id.ToString());
                break;
            case "<|tool_call_end|>":
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

    private void Body(string text)
    {
        text = _afterCall ? text.TrimStart() : text;
        if (text.Length > 0)
        {
            _afterCall = false;
            _thinking.Text(text);
        }
    }

    // A call ends reasoning that was left open.
    private void Enter(State state)
    {
        _thinking.End();
        _id.Clear();
        _state = state;
    }

    private void BeginCall(string id)
    {
        _id.Clear();
        if (_tools.FromId(id) is { } name)
        {
            Writer.BeginCall(_ids.Next(name), name);
            _state = State.Arguments;
        }
        else
        {
            // Nobody could tell whom it calls: shown as it is.
            _state = State.Body;
            Body(id);
        }
    }

    private void EndCall()
    {
        if (_state == State.Id && _id.ToString() is var header && !string.IsNullOrWhiteSpace(header))
        {
            // The arguments' marker is missing.
            var brace = header.IndexOf('{', StringComparison.Ordinal);
            BeginCall(brace < 0 ? header : header[..brace]);
            OnText(brace < 0 ? "" : header[brace..]);
        }

        _afterCall |= Writer.HasOpenCall;
        Writer.EndCall();
    }
}
