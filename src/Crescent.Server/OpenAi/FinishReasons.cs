using Crescent.Engine.Chat;

namespace Crescent.Server.OpenAi;

/// <summary>OpenAI's words for the end of an answer.</summary>
internal static class FinishReasons
{
    public static string Of(AnswerEnd end) => end switch
    {
        AnswerEnd.ToolCalls => "tool_calls",
        AnswerEnd.Length => "length",
        _ => "stop",
    };
}
