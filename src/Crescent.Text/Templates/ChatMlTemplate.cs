namespace Crescent.Text.Templates;

/// <summary>ChatML, of Qwen and many others (reference models.md 5.5), without tools.</summary>
public sealed class ChatMlTemplate : ChatTemplate
{
    public override string Name => "chatml";

    public override IReadOnlyList<string> StopNames { get; } = ["<|im_end|>", "<|im_start|>", "<|endoftext|>"];

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        foreach (var message in request.Messages)
        {
            prompt.Marker("<|im_start|>").Text(message.Role).Text("\n").Text(message.Content).Marker("<|im_end|>").Text("\n");
        }

        if (request.AddGenerationPrompt)
        {
            prompt.Marker("<|im_start|>").Text("assistant\n");
        }
    }
}
