using System.Globalization;
using Crescent.Text.Answers;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>
/// Llama 3, and with tools or a date 3.1 (reference models.md 5.6; chat_template of Llama-3.1-8B-Instruct's tokenizer_config.json): tools stand in the first question, a
/// call is a turn of its own, its result is of the role ipython.
/// </summary>
public sealed class Llama3Template : ChatTemplate
{
    private const string EndOfTurn = "<|eot_id|>";

    private const string Instruction =
        "Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\n\n"
        + "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}.Do not use variables.\n\n";

    public override string Name => "llama-3";

    public override IReadOnlyList<string> StopNames { get; } = [EndOfTurn, "<|eom_id|>", "<|end_of_text|>", "<|start_header_id|>"];

    public override bool SupportsTools => true;

    public override AnswerReader ReadAnswer(Tokenizer tokenizer, PromptRequest request) =>
        new Llama3AnswerReader(tokenizer, request, StopNames, ThinkingState.AtEnd(Render(request)) == true);

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        prompt.Marker("<|begin_of_text|>");
        var messages = request.Messages;
        var first = 0;
        var tools = request.Tools.Count > 0 ? Declare(request.Tools) : "";
        if (tools.Length > 0)
        {
            first = messages is [{ Role: "system" }, ..] ? 1 : 0;
            Turn(prompt, "system", System(request.CurrentDate) + (first == 1 ? messages[0].Content?.Trim() : ""));
            if (messages.Count == first || messages[first].Role != "user")
            {
                Turn(prompt, "user", tools);
                tools = "";
            }
        }

        foreach (var message in messages.Skip(first))
        {
            Message(prompt, request, message, tools);
            tools = "";
        }

        if (request.OpensTurn)
        {
            Header(prompt, "assistant");
        }
    }

    private static void Message(PromptBuilder prompt, PromptRequest request, ChatMessage message, string tools)
    {
        if (request.IsOpen(message))
        {
            Header(prompt, "assistant").Text(message.Content?.TrimStart());
            return;
        }

        // Words before a call are a turn of their own: a call's turn has the call alone.
        if (message.ToolCalls.Count == 0 || !string.IsNullOrWhiteSpace(message.Content))
        {
            // A result's blanks may mean something.
            var isResult = message.Role == "tool";
            Turn(prompt, isResult ? "ipython" : message.Role, isResult ? message.Content : tools + message.Content?.Trim());
        }

        foreach (var call in message.ToolCalls)
        {
            Turn(prompt, "assistant", $"{{\"name\": \"{call.Name}\", \"parameters\": {call.Arguments}}}");
        }
    }

    private static string System(DateOnly? date) =>
        "Environment: ipython\nCutting Knowledge Date: December 2023\n"
        + (date is { } day ? $"Today Date: {day.ToString("dd MMM yyyy", CultureInfo.InvariantCulture)}\n\n" : "\n");

    private static string Declare(IReadOnlyList<ToolDefinition> tools) =>
        Instruction + string.Concat(tools.Select(tool => PythonJson.Write(tool.Json, PythonJsonStyle.Indented) + "\n\n"));

    private static void Turn(PromptBuilder prompt, string role, string? content) => Header(prompt, role).Text(content).Marker(EndOfTurn);

    private static PromptBuilder Header(PromptBuilder prompt, string role) =>
        prompt.Marker("<|start_header_id|>").Text(role).Marker("<|end_header_id|>").Text("\n\n");
}
