using Crescent.Server.Http;
using Crescent.Text.Templates;

namespace Crescent.Server.OpenAi;

/// <summary>Reads whether and how long the model is to reason: OpenAI's, Moonshot's and the self-hosted stacks' fields. What a template cannot say has no effect.</summary>
internal static class ReasoningReader
{
    public static PromptRequest Apply(in JsonFields body, PromptRequest request)
    {
        var arguments = body.Object("chat_template_kwargs");
        var effort = body.Text("reasoning_effort") ?? arguments?.Text("reasoning_effort");
        var (thinks, reasoningEffort) = Effort(effort);
        return request with
        {
            Thinking = Switch(body) ?? arguments?.Flag("thinking") ?? arguments?.Flag("enable_thinking") ?? thinks,
            ReasoningEffort = reasoningEffort ?? request.ReasoningEffort,
        };
    }

    private static bool? Switch(in JsonFields body) => body.Object("thinking") is not { } thinking ? null : thinking.RequireText("type") switch
    {
        "enabled" or "adaptive" or "auto" => true,
        "disabled" => false,
        _ => throw ApiException.Invalid("thinking.type", "expected enabled or disabled, found another"),
    };

    private static (bool? Thinks, ReasoningEffort? Effort) Effort(string? name) => name switch
    {
        null => (null, null),
        "none" => (false, ReasoningEffort.Low),
        "minimal" or "low" => (true, ReasoningEffort.Low),
        "medium" => (true, ReasoningEffort.Medium),
        "high" or "xhigh" or "max" => (true, ReasoningEffort.High),
        _ => throw ApiException.Invalid("reasoning_effort", "expected none, minimal, low, medium, high or xhigh, found another"),
    };
}
