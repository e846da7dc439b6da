using Crescent.Text.Answers;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>
/// ChatML, of Qwen and many others, with Qwen's tools and reasoning (reference models.md 5.5; chat_template of Qwen3's tokenizer_config.json). Results of
/// tools come as the user's; reasoning is kept after the last question only. A Thinking of false closes the reasoning before it begins.
/// </summary>
public sealed class ChatMlTemplate : ChatTemplate
{
    private const string Call = "<tool_call>";
    private const string EndCall = "</tool_call>";
    private const string Response = "<tool_response>";
    private const string EndResponse = "</tool_response>";

    public override string Name => "chatml";

    public override IReadOnlyList<string> StopNames { get; } = ["<|im_end|>", "<|im_start|>", "<|endoftext|>"];

    public override bool SupportsTools => true;

    public override AnswerReader ReadAnswer(Tokenizer tokenizer, PromptRequest request) =>
        new ChatMlAnswerReader(tokenizer, request, StopNames, ThinkingState.AtEnd(Render(request)) == true);

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        var messages = request.Messages;
        var first = 0;
        if (request.Tools.Count > 0)
        {
            first = messages is [{ Role: "system" }, ..] ? 1 : 0;
            Head(prompt, "system").Text(first == 1 ? messages[0].Content + "\n\n" : null);
            Declare(prompt, request.Tools);
            End(prompt);
        }

        var lastQuestion = LastQuestion(messages);
        for (var i = first; i < messages.Count; i++)
        {
            switch (messages[i].Role)
            {
                case "assistant" when request.IsOpen(messages[i]):
                    Continue(prompt, messages[i], request.Thinking);
                    break;
                case "assistant":
                    Assistant(prompt, messages[i], keepReasoning: i > lastQuestion);
                    break;
                case "tool":
                    Result(prompt, messages, i);
                    break;
                default:
                    End(Head(prompt, messages[i].Role).Text(messages[i].Content));
                    break;
            }
        }

        if (request.OpensTurn)
        {
            Head(prompt, "assistant");
            if (request.Thinking == false)
            {
                Reasoning(prompt, "");
            }
        }
    }

    private static void Declare(PromptBuilder prompt, IReadOnlyList<ToolDefinition> tools)
    {
        prompt.Text(
            "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within "
            + "<tools></tools> XML tags:\n<tools>");
        foreach (var tool in tools)
        {
            prompt.Text("\n" + PythonJson.Write(tool.Json, PythonJsonStyle.Spaced));
        }

        prompt.Text("\n</tools>\n\nFor each function call, return a json object with function name and arguments within ")
            .Marker(Call).Marker(EndCall).Text(" XML tags:\n")
            .Marker(Call).Text("\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n").Marker(EndCall);
    }

    private static void Assistant(PromptBuilder prompt, ChatMessage message, bool keepReasoning)
    {
        var (reasoning, content) = Split(message);
        Head(prompt, "assistant");
        if (keepReasoning && reasoning.Length > 0)
        {
            Reasoning(prompt, reasoning.Trim('\n'));
            content = content.TrimStart('\n');
        }

        prompt.Text(content);
        for (var i = 0; i < message.ToolCalls.Count; i++)
        {
            prompt.Text(i > 0 || content.Length > 0 ? "\n" : null)
                .Marker(Call).Text($"\n{{\"name\": \"{message.ToolCalls[i].Name}\", \"arguments\": {message.ToolCalls[i].Arguments}}}\n").Marker(EndCall);
        }

        End(prompt);
    }

    // The message to go on with.
    private static void Continue(PromptBuilder prompt, ChatMessage message, bool? thinking)
    {
        Head(prompt, "assistant");
        if (message.ReasoningContent is { } reasoning && string.IsNullOrEmpty(message.Content))
        {
            prompt.Marker("<think>").Text("\n" + reasoning.TrimStart('\n'));
            return;
        }

        if (!string.IsNullOrEmpty(message.ReasoningContent) || thinking == false)
        {
            Reasoning(prompt, (message.ReasoningContent ?? "").Trim('\n'));
        }

        prompt.Text(message.Content);
    }

    // Neighbouring results share a message.
    private static void Result(PromptBuilder prompt, IReadOnlyList<ChatMessage> messages, int index)
    {
        if (index == 0 || messages[index - 1].Role != "tool")
        {
            prompt.Marker("<|im_start|>").Text("user");
        }

        prompt.Text("\n").Marker(Response).Text($"\n{messages[index].Content}\n").Marker(EndResponse);
        if (index == messages.Count - 1 || messages[index + 1].Role != "tool")
        {
            End(prompt);
        }
    }

    // Reasoning comes apart, or at the head of the content.
    private static (string Reasoning, string Content) Split(ChatMessage message)
    {
        var content = message.Content ?? "";
        if (message.ReasoningContent is not null)
        {
            return (message.ReasoningContent, content);
        }

        var end = content.LastIndexOf("</think>", StringComparison.Ordinal);
        if (end < 0)
        {
            return ("", content);
        }

        var before = content[..content.IndexOf("</think>", StringComparison.Ordinal)].TrimEnd('\n');
        var begin = before.LastIndexOf("<think>", StringComparison.Ordinal);
        return (begin < 0 ? before : before[(begin + "<think>".Length)..], content[(end + "</think>".Length)..].TrimStart('\n'));
    }

    // A user's message that is not the result of a tool.
    private static int LastQuestion(IReadOnlyList<ChatMessage> messages)
    {
        for (var i = messages.Count - 1; i >= 0; i--)
        {
            var content = messages[i].Content ?? "";
            if (messages[i].Role == "user" && !(content.StartsWith(Response, StringComparison.Ordinal) && content.EndsWith(EndResponse, StringComparison.Ordinal)))
            {
                return i;
            }
        }

        return messages.Count - 1;
    }

    private static void Reasoning(PromptBuilder prompt, string reasoning) => prompt.Marker("<think>").Text($"\n{reasoning}\n").Marker("</think>").Text("\n\n");

    private static PromptBuilder Head(PromptBuilder prompt, string role) => prompt.Marker("<|im_start|>").Text(role).Text("\n");

    private static void End(PromptBuilder prompt) => prompt.Marker("<|im_end|>").Text("\n");
}
