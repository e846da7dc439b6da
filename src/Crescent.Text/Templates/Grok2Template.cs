namespace Crescent.Text.Templates;

/// <summary>Grok-2: speakers by name, each turn closed by a separator (sgl-project/sglang, python/sglang/srt/tokenizer/tiktoken_tokenizer.py).</summary>
public sealed class Grok2Template : ChatTemplate
{
    private const string Separator = "<|separator|>";

    public override string Name => "grok-2";

    public override IReadOnlyList<string> StopNames { get; } = [Separator, "<|eos|>"];

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        foreach (var message in request.Messages)
        {
            var (speaker, content) = message.Role switch
            {
                "assistant" => ("Assistant", message.Content),
                "system" => ("System", message.Content?.Trim()),
                _ => ("Human", message.Content?.Trim()),
            };
            prompt.Text($"{speaker}: {content}");
            if (!request.IsOpen(message))
            {
                prompt.Marker(Separator).Text("\n\n");
            }
        }

        if (request.OpensTurn)
        {
            prompt.Text("Assistant:");
        }
    }
}
