using System.CommandLine;
using System.Text.Json;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;

namespace Crescent.Cli.Options;

/// <summary>What an answer's text must be.</summary>
internal sealed class GrammarArguments
{
    private readonly Option<string?> _schema = new("--json-schema") { Description = "JSON Schema that the answer must fit: a file, or the schema itself.", HelpName = "FILE|JSON" };

    private readonly Option<string?> _grammar = new("--grammar") { Description = "Grammar that the answer must follow, in llama.cpp's GBNF.", HelpName = "FILE" };

    public void AddTo(Command command)
    {
        command.Add(_schema);
        command.Add(_grammar);
    }

    /// <summary>The constraint of one answer; null where none is asked for.</summary>
    /// <param name="prompt">The prompt's tokens: whether they end inside the reasoning.</param>
    /// <param name="stopTokens">Tokens that end the answer.</param>
    /// <param name="maxTokens">Most tokens of the answer.</param>
    public ITokenConstraint? Read(
        ParseResult parsed, ModelSession session, ChatTemplate? template, IReadOnlyList<int> prompt, IReadOnlyCollection<int> stopTokens, int maxTokens)
    {
        var (schema, grammar) = (parsed.GetValue(_schema), parsed.GetValue(_grammar));
        if (schema is null && grammar is null)
        {
            return null;
        }

        if (schema is not null && grammar is not null)
        {
            throw new CommandFailedException("expected one of --json-schema and --grammar, found both", CommandFailedException.WrongUsage);
        }

        var option = schema is null ? "--grammar" : "--json-schema";
        try
        {
            var text = schema is null ? Grammar.FromGbnf(InputFile.ReadText(option, grammar!)) : Grammar.FromJsonSchema(ReadSchema(option, schema));
            var answer = AnswerGrammar.Create(template?.Name, session.Tokenizer, text, ReasoningIsOpen(session, prompt));
            return answer.Compile(new GrammarVocabulary(session.Tokenizer)).CreateConstraint(stopTokens, maxTokens);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException or JsonException)
        {
            throw new CommandFailedException($"{option}: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    private static JsonElement ReadSchema(string option, string schema)
    {
        var text = schema.AsSpan().TrimStart() is ['{', ..] or "true" or "false" ? schema : InputFile.ReadText(option, schema);
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return document.RootElement.Clone();
    }

    // The template's own end of the prompt, a few tokens, opened the reasoning.
    private static bool ReasoningIsOpen(ModelSession session, IReadOnlyList<int> prompt)
    {
        var end = prompt.Skip(Math.Max(0, prompt.Count - 3)).ToArray();
        return session.Tokenizer.FindMarker("<think>") is { } open && end.Contains(open)
            && !(session.Tokenizer.FindMarker("</think>") is { } close && end.Contains(close));
    }
}
