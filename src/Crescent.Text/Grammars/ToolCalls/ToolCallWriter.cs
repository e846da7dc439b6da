using System.Text;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Grammars;

/// <summary>Parts of a tool call's syntax for one tokenizer: a marker is its token where the vocabulary has it, else its text.</summary>
/// <param name="template">The chat template's name: what ends its answers stands in no free text.</param>
internal sealed class ToolCallWriter(string template, Tokenizer tokenizer, List<GrammarRule> rules, IReadOnlyList<string> structural)
{
    private readonly HashSet<int> _structural = [.. structural.Concat(EndsOf(template)).Select(tokenizer.FindMarker).Where(id => id is not null).Select(id => id!.Value), .. tokenizer.StopIds];

    public bool Has(string marker) => tokenizer.FindMarker(marker) is not null;

    public Expression Marker(string name) => tokenizer.FindMarker(name) is { } id ? new TokenExpression([id]) : Expression.Text(name);

    public RuleExpression Rule(string name, Expression expression)
    {
        rules.Add(new GrammarRule(name, expression));
        return new RuleExpression(rules.Count - 1);
    }

    /// <summary>Text before a marker: any, with any marker that has no part in the syntax.</summary>
    /// <param name="before">The marker; where it has no token, the text never contains its spelling.</param>
    public Expression FreeText(string? before = null, params string[] excluded)
    {
        var stop = before is not null && !Has(before) ? Encoding.UTF8.GetBytes(before) : [];
        return new LexemeExpression(new FreeTextLexeme(stop, onlyAtStart: false, Others(excluded)));
    }

    /// <summary>Text that does not begin with another.</summary>
    public Expression TextUnlike(string start) => new LexemeExpression(new FreeTextLexeme(Encoding.UTF8.GetBytes(start), onlyAtStart: true, Others([])));

    /// <summary>Reasoning that may stand before a call, with its markers.</summary>
    /// <param name="isOpen">The prompt has opened it.</param>
    public Expression Reasoning(bool isOpen, string before)
    {
        if (!Has("<think>") || !Has("</think>"))
        {
            return Expression.Nothing;
        }

        var body = Expression.Sequence(FreeText(before, "<think>", "</think>"), Marker("</think>"), Expression.Repeat(Expression.Text("\n"), 0, 2));
        return isOpen ? body : Expression.Optional(Expression.Sequence(Marker("<think>"), body));
    }

    private static IReadOnlyList<string> EndsOf(string template) => TemplateFactory.Names.Contains(template) ? TemplateFactory.Create(template).StopNames : [];

    private int[] Others(string[] excluded)
    {
        var without = excluded.Select(tokenizer.FindMarker).ToHashSet();
        return [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id =>
            tokenizer.Vocabulary.Kind(id) is TokenKind.Control or TokenKind.UserDefined && !_structural.Contains(id) && !without.Contains(id))];
    }
}
