using System.Text;
using Crescent.Text.Answers;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Chat;

/// <summary>Turns an answer's tokens into events: as its template's family writes them, or as plain text.</summary>
internal sealed class AnswerParser
{
    private readonly AnswerReader? _reader;
    private readonly TokenStreamDecoder _decoder;

    /// <param name="reader">Null for plain text.</param>
    public AnswerParser(Tokenizer tokenizer, AnswerReader? reader)
    {
        _reader = reader;
        _decoder = new TokenStreamDecoder(tokenizer, startOfText: false);
    }

    public void Push(int id, List<AnswerEvent> events) => AddText(_reader is null ? _decoder.Push(id).ToString() : _reader.Push(id), events);

    public void Finish(List<AnswerEvent> events)
    {
        if (_reader is null)
        {
            AddText(_decoder.Flush().ToString(), events);
            return;
        }

        AddText(_reader.Finish(), events);
        var message = _reader.Message;
        if (message.ReasoningContent is { Length: > 0 } reasoning)
        {
            events.Add(new AnswerEvent(AnswerEventKind.Reasoning, reasoning));
        }

        for (var i = 0; i < message.ToolCalls.Count; i++)
        {
            var call = message.ToolCalls[i];
            events.Add(new AnswerEvent(AnswerEventKind.CallBegin, "", i, call.Id, call.Name));
            events.Add(new AnswerEvent(AnswerEventKind.CallArguments, call.Arguments, i));
            events.Add(new AnswerEvent(AnswerEventKind.CallEnd, "", i));
        }
    }

    private static void AddText(string text, List<AnswerEvent> events)
    {
        if (text.Length > 0)
        {
            events.Add(new AnswerEvent(AnswerEventKind.Text, text));
        }
    }
}
