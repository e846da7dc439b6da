using System.Globalization;
using Crescent.Text.Answers;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>
/// gpt-oss (reference models.md 5.7; openai/harmony, docs/format.md). The system message holds date and effort; what clients call the system message
/// goes to the developer message, with the tools. Reasoning before the last answer is dropped, that of a running tool loop is kept.
/// </summary>
public sealed class HarmonyTemplate : ChatTemplate
{
    private const string Identity = "You are ChatGPT, a large language model trained by OpenAI.\nKnowledge cutoff: 2024-06";

    private const string Channels = "# Valid channels: analysis, commentary, final. Channel must be included for every message.";

    private const string ToolChannel = "\nCalls to these tools must go to the commentary channel: 'functions'.";

    public override string Name => "harmony";

    public override IReadOnlyList<string> StopNames { get; } = ["<|return|>", "<|call|>", "<|endoftext|>"];

    public override bool SupportsTools => true;

    public override AnswerReader ReadAnswer(Tokenizer tokenizer, PromptRequest request) =>
        new HarmonyAnswerReader(tokenizer, request, OpenChannel(request));

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        Head(prompt, "system").Marker("<|message|>").Text(System(request)).Marker("<|end|>");
        var first = request.Messages is [{ Role: "system" or "developer" }, ..] ? 1 : 0;
        var instructions = first == 1 ? request.Messages[0].Content : null;
        if (!string.IsNullOrEmpty(instructions) || request.Tools.Count > 0)
        {
            Developer(prompt, instructions, request.Tools);
        }

        var lastAnswer = request.LastAnswer();
        var calls = new HarmonyCalls();
        var count = request.Messages.Count - (request.ContinueLastMessage ? 1 : 0);
        for (var i = first; i < count; i++)
        {
            Message(prompt, request.Messages[i], calls, keepReasoning: i > lastAnswer);
        }

        if (request.ContinueLastMessage)
        {
            Open(prompt, request.Messages[^1], OpenChannel(request)!);
        }
        else if (request.AddGenerationPrompt)
        {
            Head(prompt, "assistant");
        }
    }

    // The channel of the message that is left open.
    private static string? OpenChannel(PromptRequest request) =>
        !request.ContinueLastMessage ? null : request.IsOpenReasoning(request.Messages[^1]) ? "analysis" : "final";

    private static void Open(PromptBuilder prompt, ChatMessage message, string channel)
    {
        if (channel == "final" && !string.IsNullOrEmpty(message.ReasoningContent))
        {
            Body(Head(prompt, "assistant"), "analysis", message.ReasoningContent);
        }

        Head(prompt, "assistant").Marker("<|channel|>").Text(channel).Marker("<|message|>").Text(channel == "final" ? message.Content : message.ReasoningContent);
    }

    private static string System(PromptRequest request)
    {
        var date = request.CurrentDate is { } day ? $"\nCurrent date: {day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}" : "";
        var effort = request.ReasoningEffort switch { ReasoningEffort.Low => "low", ReasoningEffort.High => "high", _ => "medium" };
        return $"{Identity}{date}\n\nReasoning: {effort}\n\n{Channels}{(request.Tools.Count > 0 ? ToolChannel : "")}";
    }

    private static void Message(PromptBuilder prompt, ChatMessage message, HarmonyCalls calls, bool keepReasoning)
    {
        switch (message.Role)
        {
            case "assistant":
                Assistant(prompt, message, calls, keepReasoning);
                break;
            case "tool":
                Head(prompt, $"functions.{calls.Answered(message)} to=assistant");
                Body(prompt, "commentary", message.Content);
                break;
            case "system" or "developer":
                Developer(prompt, message.Content, []);
                break;
            default:
                Head(prompt, message.Role).Marker("<|message|>").Text(message.Content).Marker("<|end|>");
                break;
        }
    }

    private static void Assistant(PromptBuilder prompt, ChatMessage message, HarmonyCalls calls, bool keepReasoning)
    {
        if (keepReasoning && !string.IsNullOrEmpty(message.ReasoningContent))
        {
            Body(Head(prompt, "assistant"), "analysis", message.ReasoningContent);
        }

        // What is said before calls is a preamble for the user; without calls it is the answer.
        if (message.ToolCalls.Count == 0)
        {
            Body(Head(prompt, "assistant"), "final", message.Content);
        }
        else if (!string.IsNullOrEmpty(message.Content))
        {
            Body(Head(prompt, "assistant"), "commentary", message.Content);
        }

        foreach (var call in message.ToolCalls)
        {
            Head(prompt, "assistant").Marker("<|channel|>").Text($"commentary to=functions.{calls.Called(call)} ").Marker("<|constrain|>").Text("json")
                .Marker("<|message|>").Text(call.Arguments).Marker("<|call|>");
        }
    }

    private static void Developer(PromptBuilder prompt, string? instructions, IReadOnlyList<ToolDefinition> tools)
    {
        var sections = new List<string>();
        if (!string.IsNullOrEmpty(instructions))
        {
            sections.Add($"# Instructions\n\n{instructions}");
        }

        if (tools.Count > 0)
        {
            sections.Add($"# Tools\n\n{HarmonyTools.Declare(tools)}");
        }

        Head(prompt, "developer").Marker("<|message|>").Text(string.Join("\n\n", sections)).Marker("<|end|>");
    }

    private static PromptBuilder Head(PromptBuilder prompt, string role) => prompt.Marker("<|start|>").Text(role);

    private static void Body(PromptBuilder prompt, string channel, string? content) =>
        prompt.Marker("<|channel|>").Text(channel).Marker("<|message|>").Text(content).Marker("<|end|>");
}
