using Crescent.Server.Http;

namespace Crescent.Server.OpenAi;

/// <summary>What a request binds its answer to: a form of JSON, or a call of a tool.</summary>
internal static class Constraints
{
    /// <exception cref="ApiException">The answer cannot be bound to what is asked.</exception>
    public static void Require(ChatCompletionRequest request)
    {
        if (request.Format is not null)
        {
            throw ApiException.Invalid("response_format", "this server cannot bind answers to JSON yet; use type text, and ask for JSON in the messages", "unsupported_value");
        }

        if (request.ToolChoice.Kind is ToolChoiceKind.Required or ToolChoiceKind.Function)
        {
            throw ApiException.Invalid("tool_choice", "this server cannot force calls yet; use auto or none", "unsupported_value");
        }
    }
}
