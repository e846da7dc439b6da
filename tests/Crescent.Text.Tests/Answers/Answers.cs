using System.Globalization;
using Crescent.Text.Answers;
using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Answers;

/// <summary>Runs answers through readers.</summary>
internal static class Answers
{
    /// <summary>A request with tools of those names.</summary>
    public static PromptRequest Tools(params string[] names) => new([new ChatMessage("user", "x")])
    {
        Tools = [.. names.Select(name => Prompts.Tool($$$"""{"type": "function", "function": {"name": "{{{name}}}", "parameters": {"type": "object", "properties": {} } } }"""))],
    };

    /// <summary>The markers in a text become their tokens.</summary>
    public static ChatMessage Read(string template, string tokenizer, string answer, PromptRequest? request = null) =>
        Read(TemplateFactory.Create(template), Loaded.Get(tokenizer), Loaded.Get(tokenizer).Encode(answer, parseSpecial: true), request ?? Tools());

    /// <summary>The message, after a check of the events' order and of their fold.</summary>
    public static ChatMessage Read(ChatTemplate template, Tokenizer tokenizer, IEnumerable<int> ids, PromptRequest request)
    {
        var reader = template.ReadAnswer(tokenizer, request);
        var events = new List<AnswerEvent>();
        foreach (var id in ids)
        {
            reader.Push(id, events);
        }

        reader.Finish(events);
        Check(events);
        var fold = new AnswerFold();
        events.ForEach(fold.Add);
        Assert.Equal(Show(fold.Message), Show(reader.Message));
        Assert.Equal(fold.IsEmpty, reader.IsEmpty);
        return reader.Message;
    }

    public static string Show(ChatMessage message) =>
        $"[{message.ReasoningContent}] {message.Content} {string.Join("; ", message.ToolCalls.Select(call => $"{call.Id} {call.Name} {call.Arguments}"))}";

    /// <summary>The order that <see cref="AnswerEvent"/> promises.</summary>
    public static void Check(IEnumerable<AnswerEvent> events)
    {
        var calls = 0;
        var isOpen = false;
        foreach (var piece in events)
        {
            var label = string.Create(CultureInfo.InvariantCulture, $"{piece}, call {calls}, open {isOpen}");
            var belongs = piece.Kind is AnswerEventKind.CallArguments or AnswerEventKind.CallEnd;
            Assert.True(isOpen == belongs, label);
            Assert.True(piece.Text.Length > 0 == (piece.Kind is AnswerEventKind.Text or AnswerEventKind.Reasoning or AnswerEventKind.CallArguments), label);
            Assert.True(piece.CallIndex == (belongs || piece.Kind == AnswerEventKind.CallBegin ? calls : -1), label);
            Assert.True((piece.Kind == AnswerEventKind.CallBegin) == (piece.CallId is { Length: > 0 } && piece.CallName is { Length: > 0 }), label);
            isOpen = piece.Kind switch { AnswerEventKind.CallBegin => true, AnswerEventKind.CallEnd => false, _ => isOpen };
            calls += piece.Kind == AnswerEventKind.CallEnd ? 1 : 0;
        }

        Assert.False(isOpen);
    }
}
