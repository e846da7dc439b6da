using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>
/// What texts an answer may be: rules over UTF-8, made of a JSON Schema, a regular expression, GBNF or the syntax of tool calls. Immutable. <see cref="Compile"/> prepares it
/// for a vocabulary.
/// </summary>
public sealed class Grammar
{
    internal Grammar(IReadOnlyList<GrammarRule> rules, int root = 0)
    {
        Rules = rules;
        Root = root;
    }

    /// <summary>Values that a JSON Schema admits, as compact JSON with at most one space after a colon or comma; see <see cref="JsonSchemaCompiler"/> for what is supported.</summary>
    /// <exception cref="ArgumentException">It is no schema, admits nothing or is too large; the message has the place.</exception>
    /// <exception cref="NotSupportedException">A keyword that cannot be kept; the message names it and its place.</exception>
    public static Grammar FromJsonSchema(JsonElement schema) => JsonSchemaCompiler.Compile(schema);

    /// <summary>Texts that a regular expression matches as a whole.</summary>
    /// <exception cref="ArgumentException">It is malformed or too large.</exception>
    /// <exception cref="NotSupportedException">It looks around, refers back, or sets options.</exception>
    public static Grammar FromRegex(string pattern) => new([new GrammarRule("root", RegexParser.ParseWhole(pattern))]);

    /// <summary>A grammar in llama.cpp's GBNF, from its rule <c>root</c>.</summary>
    /// <exception cref="ArgumentException">It is malformed or too large; the message has line and column.</exception>
    public static Grammar FromGbnf(string text) => GbnfParser.Parse(text);

    internal IReadOnlyList<GrammarRule> Rules { get; }

    internal int Root { get; }

    /// <summary>Whether tokens may run out wherever the text is complete, as those of free text do; else a stop token always ends the answer.</summary>
    internal bool MayRunOut { get; init; }

    /// <exception cref="ArgumentException">A rule begins with itself, or no text ends it; or the grammar is too large.</exception>
    public CompiledGrammar Compile(GrammarVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        return GrammarCompiler.Compile(this, vocabulary);
    }
}

/// <summary>A named right-hand side.</summary>
internal sealed record GrammarRule(string Name, Expression Expression);
