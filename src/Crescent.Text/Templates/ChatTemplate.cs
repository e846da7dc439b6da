using Crescent.Text.Answers;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>How a model family spells a conversation.</summary>
public abstract class ChatTemplate
{
    /// <summary>The name <see cref="TemplateFactory.Create"/> knows it by.</summary>
    public abstract string Name { get; }

    /// <summary>Names of the markers that end an assistant's turn, or open another: generation stops at them.</summary>
    public abstract IReadOnlyList<string> StopNames { get; }

    /// <summary>Whether tools and tool calls can be rendered.</summary>
    public virtual bool SupportsTools => false;

    /// <summary>The prompt, as markers and untrusted text.</summary>
    /// <exception cref="NotSupportedException">The conversation has tools, and the template has no syntax for them.</exception>
    /// <exception cref="ArgumentException">The message that is to be left open is not an assistant's.</exception>
    public IReadOnlyList<PromptSegment> Render(PromptRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!SupportsTools && (request.Tools.Count > 0 || request.Messages.Any(message => message.ToolCalls.Count > 0)))
        {
            throw new NotSupportedException($"the template {Name} cannot render tools; use a template that can, such as kimi-k2");
        }

        if (request.ContinueLastMessage && request.Messages is not [.., { Role: "assistant", ToolCalls.Count: 0 }])
        {
            throw new ArgumentException(
                $"a message to go on with must be the assistant's, without tool calls; the last message is of role {(request.Messages is [.., var last] ? last.Role : "none")}", nameof(request));
        }

        var prompt = new PromptBuilder();
        Render(request, prompt);
        return prompt.Segments;
    }

    /// <summary>Whether the prompt ends within opened reasoning.</summary>
    /// <inheritdoc cref="Render(PromptRequest)"/>
    public bool OpensReasoning(PromptRequest request) => ThinkingState.AtEnd(Render(request)) == true;

    /// <summary>A reader for the answer to a request that was rendered by <see cref="Render(PromptRequest)"/>.</summary>
    public virtual AnswerReader ReadAnswer(Tokenizer tokenizer, PromptRequest request) =>
        new PlainAnswerReader(tokenizer, StopNames, OpensReasoning(request));

    private protected abstract void Render(PromptRequest request, PromptBuilder prompt);
}
