using Crescent.Text.Tokenizers;

namespace Crescent.Text.Grammars;

/// <summary>Answers whose text is within a grammar, with the reasoning and the headers that a model family writes before it.</summary>
public static class AnswerGrammar
{
    private static readonly string[] s_harmony = ["<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|call|>", "<|return|>"];

    /// <param name="template">The chat template's name; null for text without one.</param>
    /// <param name="text">What the answer's text must be.</param>
    /// <param name="reasoningIsOpen">Whether the prompt ends inside the reasoning.</param>
    public static Grammar Create(string? template, Tokenizer tokenizer, Grammar text, bool reasoningIsOpen = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        if (template is null)
        {
            return text;
        }

        var rules = text.Rules.ToList();
        var inner = new RuleExpression(text.Root);
        var root = template == "harmony"
            ? Harmony(new ToolCallWriter(template, tokenizer, rules, s_harmony), inner)
            : Expression.Sequence(new ToolCallWriter(template, tokenizer, rules, []).Reasoning(reasoningIsOpen, "</think>"), inner);
        rules.Add(new GrammarRule("answer", root));
        return new Grammar(rules, rules.Count - 1);
    }

    private static Expression Harmony(ToolCallWriter writer, Expression inner)
    {
        var (channel, message) = (writer.Marker("<|channel|>"), writer.Marker("<|message|>"));
        var reasoning = Expression.Sequence(
            channel, Expression.Text("analysis"), message, writer.FreeText(), writer.Marker("<|end|>"), writer.Marker("<|start|>"), Expression.Text("assistant"));
        return Expression.Sequence(Expression.Repeat(reasoning, 0, null), channel, Expression.Text("final"), message, inner);
    }
}
