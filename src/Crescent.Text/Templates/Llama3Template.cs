namespace Crescent.Text.Templates;

/// <summary>Llama 3 (reference models.md 5.6), without tools and without the date lines of 3.1.</summary>
public sealed class Llama3Template : ChatTemplate
{
    public override string Name => "llama-3";

    public override IReadOnlyList<string> StopNames { get; } = ["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|start_header_id|>"];

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        prompt.Marker("<|begin_of_text|>");
        foreach (var message in request.Messages)
        {
            Header(prompt, message.Role).Text(message.Content?.Trim()).Marker("<|eot_id|>");
        }

        if (request.AddGenerationPrompt)
        {
            Header(prompt, "assistant");
        }
    }

    private static PromptBuilder Header(PromptBuilder prompt, string role) =>
        prompt.Marker("<|start_header_id|>").Text(role).Marker("<|end_header_id|>").Text("\n\n");
}
