using Crescent.Engine.Chat;
using Crescent.Text.Answers;

namespace Crescent.Tests.Support;

/// <summary>An answer that reasons, speaks and calls two tools, which small models never do.</summary>
internal static class Script
{
    public static IReadOnlyList<AnswerEvent> Calls { get; } =
    [
        new(AnswerEventKind.Reasoning, "Two "),
        new(AnswerEventKind.Reasoning, "cities."),
        new(AnswerEventKind.Text, "I "),
        new(AnswerEventKind.Text, "look."),
        new(AnswerEventKind.CallBegin, "", 0, "functions.weather:0", "weather"),
        new(AnswerEventKind.CallArguments, "{\"city\":", 0),
        new(AnswerEventKind.CallArguments, "\"Zürich\"}", 0),
        new(AnswerEventKind.CallEnd, "", 0),
        new(AnswerEventKind.CallBegin, "", 1, "functions.now:1", "now"),
        new(AnswerEventKind.CallEnd, "", 1),
    ];

    public static EndUpdate End(AnswerEnd reason, string? stop = null) =>
        new(0, reason, stop, new AnswerUsage(12, 4, 7, 3), new AnswerTimings(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(300)), null);
}
