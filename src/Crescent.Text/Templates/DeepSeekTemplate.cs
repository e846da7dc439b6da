using Crescent.Text.Answers;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>
/// DeepSeek-V3, R1 and V3.1 (reference models.md 5.4; the tool sections of V2.5's and V3.1's model cards). System messages come first, joined; after
/// results of tools the assistant goes on without a new marker. Reasoning in the history is dropped.
/// </summary>
public sealed class DeepSeekTemplate(DeepSeekVersion version) : ChatTemplate
{
    private const string End = "<｜end▁of▁sentence｜>";

    private readonly bool _isShort = version == DeepSeekVersion.V31;

    public override string Name => version switch { DeepSeekVersion.R1 => "deepseek-r1", DeepSeekVersion.V31 => "deepseek-v3.1", _ => "deepseek-v3" };

    public override IReadOnlyList<string> StopNames { get; } = [End, "<｜User｜>"];

    public override bool SupportsTools => true;

    public override AnswerReader ReadAnswer(Tokenizer tokenizer, PromptRequest request) =>
        new DeepSeekAnswerReader(tokenizer, request, StopNames, ThinkingState.AtEnd(Render(request)) == true);

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        prompt.Marker("<｜begin▁of▁sentence｜>")
            .Text(string.Join("\n\n", request.Messages.Where(message => message.Role is "system" or "developer").Select(message => message.Content)));
        if (request.Tools.Count > 0)
        {
            Declare(prompt.Text("\n\n"), request.Tools);
        }

        var previous = "";
        foreach (var message in request.Messages.Where(message => message.Role is not ("system" or "developer")))
        {
            Message(prompt, request, message, previous);
            previous = message.Role;
        }

        if (previous == "tool")
        {
            EndOutputs(prompt);
        }
        else if (request.OpensTurn && !(_isShort && previous == "assistant"))
        {
            Open(prompt, request.Thinking ?? version == DeepSeekVersion.R1);
        }
    }

    private void Message(PromptBuilder prompt, PromptRequest request, ChatMessage message, string previous)
    {
        switch (message.Role)
        {
            case "assistant":
                if (previous == "tool")
                {
                    EndOutputs(prompt);
                }
                else
                {
                    prompt.Marker("<｜Assistant｜>");
                }

                if (request.IsOpen(message))
                {
                    Continue(prompt, message);
                    break;
                }

                if (_isShort && previous != "tool")
                {
                    prompt.Marker("</think>");
                }

                prompt.Text(WithoutReasoning(message.Content));
                Calls(prompt, message.ToolCalls);
                prompt.Marker(End);
                break;
            case "tool":
                if (!_isShort)
                {
                    _ = previous == "tool" ? prompt.Text("\n") : prompt.Marker("<｜tool▁outputs▁begin｜>");
                }

                prompt.Marker("<｜tool▁output▁begin｜>").Text(message.Content).Marker("<｜tool▁output▁end｜>");
                break;
            default:
                if (previous == "tool")
                {
                    EndOutputs(prompt);
                }

                prompt.Marker("<｜User｜>").Text(message.Content);
                break;
        }
    }

    // The message to go on with, its reasoning before its text; V3 has none.
    private void Continue(PromptBuilder prompt, ChatMessage message)
    {
        var (line, lines) = _isShort ? ("", "") : ("\n", "\n\n");
        if (version != DeepSeekVersion.V3 && message.ReasoningContent is { } reasoning)
        {
            prompt.Marker("<think>").Text(line + reasoning);
            if (string.IsNullOrEmpty(message.Content))
            {
                return;
            }

            prompt.Text(line).Marker("</think>").Text(lines);
        }
        else if (_isShort)
        {
            prompt.Marker("</think>");
        }

        prompt.Text(message.Content);
    }

    private void Open(PromptBuilder prompt, bool thinks)
    {
        prompt.Marker("<｜Assistant｜>");
        switch (version)
        {
            case DeepSeekVersion.R1 when thinks:
                prompt.Marker("<think>").Text("\n");
                break;
            case DeepSeekVersion.R1:
                prompt.Marker("<think>").Text("\n\n").Marker("</think>").Text("\n\n");
                break;
            case DeepSeekVersion.V31:
                prompt.Marker(thinks ? "<think>" : "</think>");
                break;
        }
    }

    private void EndOutputs(PromptBuilder prompt)
    {
        if (!_isShort)
        {
            prompt.Marker("<｜tool▁outputs▁end｜>");
        }
    }

    private string? WithoutReasoning(string? content)
    {
        const string Mark = "</think>";
        var at = version == DeepSeekVersion.V3 ? -1
            : _isShort ? content?.IndexOf(Mark, StringComparison.Ordinal) ?? -1
            : content?.LastIndexOf(Mark, StringComparison.Ordinal) ?? -1;
        return at < 0 ? content : content![(at + Mark.Length)..];
    }

    private void Calls(PromptBuilder prompt, IReadOnlyList<ToolCall> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        prompt.Marker("<｜tool▁calls▁begin｜>");
        for (var i = 0; i < calls.Count; i++)
        {
            if (_isShort)
            {
                Call(prompt, calls[i].Name, calls[i].Arguments);
            }
            else
            {
                Call(i > 0 ? prompt.Text("\n") : prompt, "function", $"{calls[i].Name}\n```json\n{calls[i].Arguments}\n```");
            }
        }

        prompt.Marker("<｜tool▁calls▁end｜>");
    }

    private static void Call(PromptBuilder prompt, string head, string body) =>
        prompt.Marker("<｜tool▁call▁begin｜>").Text(head).Marker("<｜tool▁sep｜>").Text(body).Marker("<｜tool▁call▁end｜>");

    private void Declare(PromptBuilder prompt, IReadOnlyList<ToolDefinition> tools)
    {
        if (!_isShort)
        {
            prompt.Text("## Tools\n\n### Function\n\nYou have the following functions available:\n");
            foreach (var function in tools.Select(JsonSchemaNode.OfFunction))
            {
                prompt.Text($"\n- `{function.Text("name")}`:\n```json\n{PythonJson.Write(function.Json, PythonJsonStyle.Spaced)}\n```\n");
            }

            return;
        }

        prompt.Text("## Tools\nYou have access to the following tools:\n");
        foreach (var function in tools.Select(JsonSchemaNode.OfFunction))
        {
            var parameters = function.Element("parameters") is { } schema ? PythonJson.Write(schema, PythonJsonStyle.Spaced) : "{}";
            prompt.Text($"\n### {function.Text("name")}\nDescription: {function.Text("description")}\n\nParameters: {parameters}\n");
        }

        prompt.Text("\nIMPORTANT: ALWAYS adhere to this exact format for tool use:\n").Marker("<｜tool▁calls▁begin｜>");
        Call(prompt, "tool_call_name", "tool_call_arguments");
        prompt.Text("{additional_tool_calls}").Marker("<｜tool▁calls▁end｜>").Text(
            "\n\nWhere:\n\n- `tool_call_name` must be an exact match to one of the available tools\n- `tool_call_arguments` must be valid JSON that strictly "
            + "follows the tool's Parameters Schema\n- For multiple tool calls, chain them directly without separators or spaces\n");
    }
}
