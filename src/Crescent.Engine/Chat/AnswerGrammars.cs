using Crescent.Text.Grammars;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Chat;

/// <summary>Makes the grammars of answers. The vocabulary is prepared when the first is wanted.</summary>
public sealed class AnswerGrammars(Tokenizer tokenizer, ChatTemplate template)
{
    private readonly Lazy<GrammarVocabulary> _vocabulary = new(() => new GrammarVocabulary(tokenizer));

    /// <summary>The grammar of an answer; null where every token may follow.</summary>
    /// <exception cref="NotSupportedException">What is asked for cannot be kept.</exception>
    /// <exception cref="ArgumentException">A schema or a tool is malformed.</exception>
    public CompiledGrammar? Create(PromptRequest conversation, AnswerForm form)
    {
        if (form.Text is { } text && (conversation.Tools.Count == 0 || form.Calls == ToolCallMode.None))
        {
            return AnswerGrammar.Create(template.Name, tokenizer, text, template.OpensReasoning(conversation)).Compile(_vocabulary.Value);
        }

        if (conversation.Tools.Count == 0)
        {
            return null;
        }

        try
        {
            var options = new ToolCallOptions
            {
                Tools = conversation.Tools,
                Mode = form.Calls,
                OnlyTool = form.OnlyTool,
                Text = form.Text,
                Parallel = form.ParallelCalls,
                FirstIndex = ToolCallOptions.CountCalls(conversation),
                ReasoningIsOpen = template.OpensReasoning(conversation),
            };
            return ToolCallGrammar.Create(template.Name, tokenizer, options).Compile(_vocabulary.Value);
        }
        catch (NotSupportedException) when (form is { Calls: ToolCallMode.Auto, Text: null })
        {
            // A schema that no grammar can say, or a vocabulary that cannot write every text: the model is trusted then, as others trust it always.
            return null;
        }
    }
}
