using Crescent.Engine.Chat;
using Crescent.Server.Anthropic.Wire;

namespace Crescent.Server.Anthropic;

/// <summary>Anthropic's words for the end of an answer.</summary>
internal static class StopReasons
{
    /// <param name="context">Most tokens of prompt and answer.</param>
    public static MessageDelta Of(EndUpdate end, int context) => new(Name(end, context), end.Reason == AnswerEnd.Stop ? end.StopString : null);

    private static string Name(EndUpdate end, int context) => end.Reason switch
    {
        AnswerEnd.ToolCalls => "tool_use",
        AnswerEnd.Length when end.Usage.Prompt + end.Usage.Completion >= context => "model_context_window_exceeded",
        AnswerEnd.Length => "max_tokens",
        _ when end.StopString is not null => "stop_sequence",
        _ => "end_turn",
    };
}
