using System.Text;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Answers;

/// <summary>
/// Reads gpt-oss's messages after <c>&lt;|start|&gt;assistant</c>. Text is the final channel, and commentary that is no call; analysis is the reasoning,
/// messages to a recipient are calls.
/// </summary>
public sealed class HarmonyAnswerReader : AnswerReader
{
    private enum Part
    {
        Role,
        Channel,
        Constraint,
        Content,
    }

    private enum Kind
    {
        Text,
        Reasoning,
        Call,
    }

    private static readonly string[] s_markers = ["<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>", "<|return|>", "<|call|>", "<|endoftext|>"];

    private readonly StringBuilder _role = new();
    private readonly StringBuilder _channel = new();
    private readonly CallCounter _calls;
    private Part _part = Part.Role;
    private Kind _kind;
    private bool _anyContent;
    private bool _anyText;
    private bool _anyReasoning;
    private string _separator = "";

    /// <param name="openChannel">Channel of a message that the prompt has left open; null where the answer begins behind the role.</param>
    public HarmonyAnswerReader(Tokenizer tokenizer, PromptRequest request, string? openChannel = null)
        : base(tokenizer, s_markers)
    {
        _calls = new CallCounter(request);
        Writer.ArgumentBlanks = "";
        if (openChannel is not null)
        {
            _channel.Append(openChannel);
            Begin();
        }
    }

    private protected override void OnText(string text)
    {
        switch (_part)
        {
            case Part.Role:
                _role.Append(text);
                break;
            case Part.Channel:
                _channel.Append(text);
                break;
            case Part.Content:
                Content(text);
                break;
        }
    }

    private protected override void OnMarker(string marker)
    {
        switch (marker)
        {
            case "<|channel|>":
                Open(Part.Channel);
                break;
            case "<|constrain|>":
                Open(Part.Constraint);
                break;
            case "<|message|>":
                Open(Part.Channel);
                Begin();
                break;
            default:
                End();
                break;
        }
    }

    private protected override void OnFinish()
    {
        if (!_anyContent && _role.Length > 0)
        {
            // No message was ever opened: the model answered without channels.
            Writer.Text(_role.ToString());
        }

        End();
    }

    // A header's marker within content: the message before was not closed.
    private void Open(Part part)
    {
        if (_part == Part.Content)
        {
            End();
        }

        _part = part;
    }

    private void Begin()
    {
        _part = Part.Content;
        _anyContent = true;
        _kind = Recipient is not null ? Kind.Call : Channel is "final" or "commentary" or "" ? Kind.Text : Kind.Reasoning;
        if (_kind == Kind.Call)
        {
            var name = Recipient!.StartsWith("functions.", StringComparison.Ordinal) ? Recipient["functions.".Length..] : Recipient;
            Writer.BeginCall(_calls.NextId(), name);
        }

        // Two messages of a kind stand apart.
        _separator = (_kind == Kind.Text && _anyText) || (_kind == Kind.Reasoning && _anyReasoning) ? "\n" : "";
    }

    private void Content(string text)
    {
        text = _separator + text;
        _separator = "";
        switch (_kind)
        {
            case Kind.Text:
                _anyText = true;
                Writer.Text(text);
                break;
            case Kind.Reasoning:
                _anyReasoning = true;
                Writer.Reasoning(text);
                break;
            default:
                Writer.Arguments(text);
                break;
        }
    }

    private void End()
    {
        if (_part == Part.Content)
        {
            Writer.EndCall();
        }

        _role.Clear();
        _channel.Clear();
        _part = Part.Role;
    }

    private string Channel => Words(_channel).FirstOrDefault(word => !IsRecipient(word)) ?? "";

    // It may stand behind the role or behind the channel.
    private string? Recipient => Words(_role).Concat(Words(_channel)).FirstOrDefault(IsRecipient)?[3..];

    private static bool IsRecipient(string word) => word.StartsWith("to=", StringComparison.Ordinal);

    private static string[] Words(StringBuilder part) => part.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
