using Crescent.Text.Answers;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>
/// Kimi K2, Instruct and Thinking (reference models.md 5.1, 5.2). Tool declarations come first, with sorted keys; foreign ids of
/// tool calls become <c>functions.NAME:N</c>. Thinking keeps the reasoning of the turns after the last answer only; where it is to answer
/// without, an empty one stands before the answer, as in its history and as K2.5 writes it.
/// </summary>
public sealed class KimiK2Template(bool thinking) : ChatTemplate
{
    private const string DefaultSystem = "You are Kimi, an AI assistant created by Moonshot AI.";

    public override string Name => thinking ? "kimi-k2-thinking" : "kimi-k2";

    public override IReadOnlyList<string> StopNames { get; } =
        ["<|im_end|>", "[EOS]", "[EOT]", "<|im_system|>", "<|im_user|>", "<|im_assistant|>"];

    public override bool SupportsTools => true;

    /// <summary>Thinking begins with its reasoning, whether it opens it or not.</summary>
    public override AnswerReader ReadAnswer(Tokenizer tokenizer, PromptRequest request) =>
        new KimiAnswerReader(tokenizer, request, StopNames, ThinkingState.AtEnd(Render(request)) ?? thinking);

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        if (request.Tools.Count > 0)
        {
            Head(prompt, "system", "tool_declare").Text(Declare(request.Tools)).Marker("<|im_end|>");
        }

        if (request.Messages is not [{ Role: "system" }, ..])
        {
            Head(prompt, "system", "system").Text(DefaultSystem).Marker("<|im_end|>");
        }

        var lastAnswer = request.LastAnswer();
        var ids = new KimiCallIds();
        for (var i = 0; i < request.Messages.Count; i++)
        {
            var message = request.Messages[i];
            Head(prompt, message.Role, message.Name is { Length: > 0 } name ? name : message.Role);
            Body(prompt, message, ids, keepReasoning: i > lastAnswer, isOpenReasoning: request.IsOpenReasoning(message));
            if (!request.IsOpen(message))
            {
                prompt.Marker("<|im_end|>");
            }
        }

        if (request.OpensTurn)
        {
            Head(prompt, "assistant", "assistant");
            if (thinking && request.Thinking == false)
            {
                prompt.Marker("<think>").Marker("</think>");
            }
        }
    }

    private static PromptBuilder Head(PromptBuilder prompt, string role, string name)
    {
        var marker = role switch { "user" => "<|im_user|>", "assistant" => "<|im_assistant|>", _ => "<|im_system|>" };
        return prompt.Marker(marker).Text(name).Marker("<|im_middle|>");
    }

    private void Body(PromptBuilder prompt, ChatMessage message, KimiCallIds ids, bool keepReasoning, bool isOpenReasoning)
    {
        switch (message.Role)
        {
            case "assistant":
                if (thinking)
                {
                    prompt.Marker("<think>").Text(keepReasoning ? message.ReasoningContent : null);
                    if (isOpenReasoning)
                    {
                        break;
                    }

                    prompt.Marker("</think>");
                }

                prompt.Text(message.Content);
                Calls(prompt, message.ToolCalls, ids);
                break;
            case "tool":
                prompt.Text($"## Return of {ids.Answered(message.ToolCallId)}\n").Text(message.Content);
                break;
            default:
                prompt.Text(message.Content);
                break;
        }
    }

    private static void Calls(PromptBuilder prompt, IReadOnlyList<ToolCall> calls, KimiCallIds ids)
    {
        if (calls.Count == 0)
        {
            return;
        }

        prompt.Marker("<|tool_calls_section_begin|>");
        foreach (var call in calls)
        {
            prompt.Marker("<|tool_call_begin|>").Text(ids.Called(call))
                .Marker("<|tool_call_argument_begin|>").Text(call.Arguments)
                .Marker("<|tool_call_end|>");
        }

        prompt.Marker("<|tool_calls_section_end|>");
    }

    private static string Declare(IReadOnlyList<ToolDefinition> tools) =>
        $"[{string.Join(',', tools.Select(tool => PythonJson.Write(tool.Json, PythonJsonStyle.CompactSorted)))}]";
}
