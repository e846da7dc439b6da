using System.Globalization;
using System.Text;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>
/// Reads gpt-oss's messages after <c>&lt;|start|&gt;assistant</c> by the ids of their markers. Shown are the final channel, and commentary that
/// is no call; analysis becomes the reasoning, messages to a recipient become calls.
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

    private readonly Dictionary<int, string> _markers = [];
    private readonly TokenStreamDecoder _decoder;
    private readonly StringBuilder[] _parts = [new(), new(), new(), new()];
    private readonly StringBuilder _shown = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<ToolCall> _calls = [];
    private Part _part = Part.Role;
    private bool _anyContent;

    public HarmonyAnswerReader(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _decoder = new TokenStreamDecoder(tokenizer, startOfText: false);
        foreach (var name in (string[])["<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>", "<|return|>", "<|call|>"])
        {
            if (tokenizer.FindMarker(name) is { } id)
            {
                _markers[id] = name;
            }
        }
    }

    public override ChatMessage Message => new("assistant", _shown.ToString())
    {
        ReasoningContent = _reasoning.Length > 0 ? _reasoning.ToString() : null,
        ToolCalls = [.. _calls],
    };

    public override string Push(int id)
    {
        if (!_markers.TryGetValue(id, out var marker))
        {
            return Add(_decoder.Push(id));
        }

        var rest = Add(_decoder.Flush());
        switch (marker)
        {
            case "<|channel|>":
                _part = Part.Channel;
                break;
            case "<|constrain|>":
                _part = Part.Constraint;
                break;
            case "<|message|>":
                _part = Part.Content;
                _anyContent = true;
                return rest + Begin();
            default:
                End();
                break;
        }

        return rest;
    }

    public override string Finish()
    {
        var rest = Add(_decoder.Flush());
        if (!_anyContent && _parts[(int)Part.Role].Length > 0)
        {
            // No message was ever opened: the model answered without channels.
            rest = _parts[(int)Part.Role].ToString();
            _shown.Append(rest);
        }

        End();
        return rest;
    }

    private string Add(ReadOnlySpan<char> text)
    {
        _parts[(int)_part].Append(text);
        if (_part != Part.Content || !IsShown)
        {
            return "";
        }

        _shown.Append(text);
        return text.ToString();
    }

    private bool IsShown => Recipient is null && Channel is "final" or "commentary" or "";

    private string Channel => HeaderWords(Part.Channel).FirstOrDefault(word => !word.StartsWith("to=", StringComparison.Ordinal)) ?? "";

    // It may stand behind the role or behind the channel.
    private string? Recipient =>
        HeaderWords(Part.Role).Concat(HeaderWords(Part.Channel)).FirstOrDefault(word => word.StartsWith("to=", StringComparison.Ordinal))?[3..];

    private string[] HeaderWords(Part part) => _parts[(int)part].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // Two shown messages stand apart.
    private string Begin()
    {
        if (!IsShown || _shown.Length == 0)
        {
            return "";
        }

        _shown.Append('\n');
        return "\n";
    }

    private void End()
    {
        var content = _parts[(int)Part.Content].ToString();
        if (_part == Part.Content && Recipient is { } recipient)
        {
            var name = recipient.StartsWith("functions.", StringComparison.Ordinal) ? recipient["functions.".Length..] : recipient;
            _calls.Add(new ToolCall($"call_{_calls.Count.ToString(CultureInfo.InvariantCulture)}", name, content));
        }
        else if (_part == Part.Content && !IsShown)
        {
            _reasoning.Append(_reasoning.Length > 0 ? "\n" : "").Append(content);
        }

        foreach (var part in _parts)
        {
            part.Clear();
        }

        _part = Part.Role;
    }
}
