using Crescent.Server.Http;
using Crescent.Text.Templates;

namespace Crescent.Server.OpenAi;

/// <summary>Reads whether and how long the model is to reason: OpenAI's, Moonshot's and the self-hosted stacks' fields. What a template cannot say has no effect.</summary>
internal static class ReasoningReader
{
    private const int Unbounded = -1;

    public static PromptRequest Apply(in JsonFields body, PromptRequest request)
    {
        var arguments = body.Object("chat_template_kwargs");
        var withEffort = WithEffort(request, body.Text("reasoning_effort") ?? arguments?.Text("reasoning_effort"), "reasoning_effort");
        return withEffort with { Thinking = Switch(body) ?? arguments?.Flag("thinking") ?? arguments?.Flag("enable_thinking") ?? withEffort.Thinking };
    }

    /// <param name="effort">One of OpenAI's words; null for the model's habit.</param>
    /// <param name="path">The field that holds it.</param>
    public static PromptRequest WithEffort(PromptRequest request, string? effort, string path)
    {
        var (thinks, reasoningEffort) = Effort(effort, path);
        return request with { Thinking = thinks ?? request.Thinking, ReasoningEffort = reasoningEffort ?? request.ReasoningEffort };
    }

    /// <summary>Most tokens of reasoning: Anthropic's <c>thinking.budget_tokens</c>, llama-server's <c>reasoning_budget</c>; null where the request does not say.</summary>
    public static int? Budget(in JsonFields body) =>
        body.Object("thinking")?.Count("budget_tokens", 1) ?? body.Count("reasoning_budget", Unbounded) switch { null => null, Unbounded => int.MaxValue, var most => most };

    /// <summary>The share of a server's budget that an effort has; null where it has none.</summary>
    public static int? Budget(int? most, ReasoningEffort? effort) => effort switch
    {
        ReasoningEffort.Low => most / 4,
        ReasoningEffort.Medium => most / 2,
        _ => most,
    };

    private static bool? Switch(in JsonFields body) => body.Object("thinking") is not { } thinking ? null : thinking.RequireText("type") switch
    {
        "enabled" or "adaptive" or "auto" => true,
        "disabled" => false,
        _ => throw ApiException.Invalid("thinking.type", "expected enabled or disabled, found another"),
    };

    private static (bool? Thinks, ReasoningEffort? Effort) Effort(string? name, string path) => name switch
    {
        null => (null, null),
        "none" => (false, ReasoningEffort.Low),
        "minimal" or "low" => (true, ReasoningEffort.Low),
        "medium" => (true, ReasoningEffort.Medium),
        "high" or "xhigh" or "max" => (true, ReasoningEffort.High),
        _ => throw ApiException.Invalid(path, "expected none, minimal, low, medium, high or xhigh, found another"),
    };
}
