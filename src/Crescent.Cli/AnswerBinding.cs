using Crescent.Engine.Chat;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>Binds a session's answers to forms, token by token.</summary>
/// <param name="template">Null for text without one.</param>
internal sealed class AnswerBinding(ModelSession session, ChatTemplate? template)
{
    private readonly AnswerGrammars? _grammars = template is null ? null : new AnswerGrammars(session.Tokenizer, template);

    /// <summary>The grammar of an answer; null where every token may follow.</summary>
    /// <exception cref="NotSupportedException">What is asked for cannot be kept.</exception>
    /// <exception cref="ArgumentException">A schema or a tool is malformed.</exception>
    public CompiledGrammar? Compile(PromptRequest conversation, AnswerForm form) =>
        _grammars is not null ? _grammars.Create(conversation, form)
        : form.Text?.Compile(new GrammarVocabulary(session.Tokenizer));

    /// <summary>The constraint of one answer; null where every token may follow.</summary>
    /// <inheritdoc cref="Compile"/>
    public ITokenConstraint? Create(PromptRequest conversation, AnswerForm form, IReadOnlyCollection<int> stopTokens, int maxTokens)
    {
        // Whoever goes on past the end, or wants no token, has no use for calls.
        var isFree = form is { Text: null, Calls: not ToolCallMode.Required } && (stopTokens.Count == 0 || maxTokens == 0);
        return isFree ? null : Compile(conversation, form)?.CreateConstraint(stopTokens, maxTokens);
    }
}
