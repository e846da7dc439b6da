using Crescent.Text.Answers;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>For base models: the contents one after another, nothing else.</summary>
public sealed class PlainTemplate : ChatTemplate
{
    public override string Name => "plain";

    public override IReadOnlyList<string> StopNames => [];

    public override AnswerReader ReadAnswer(Tokenizer tokenizer, PromptRequest request) => new PlainAnswerReader(tokenizer);

    private protected override void Render(PromptRequest request, PromptBuilder prompt)
    {
        foreach (var message in request.Messages)
        {
            prompt.Text(message.Content);
        }
    }
}
