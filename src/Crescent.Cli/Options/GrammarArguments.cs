using System.CommandLine;
using System.Text.Json;
using Crescent.Text.Grammars;

namespace Crescent.Cli.Options;

/// <summary>What an answer's text must be.</summary>
internal sealed class GrammarArguments
{
    private readonly Option<string?> _schema = new("--json-schema") { Description = "JSON Schema that the answer must fit: a file, or the schema itself.", HelpName = "FILE|JSON" };
    private readonly Option<string?> _grammar = new("--grammar") { Description = "Grammar that the answer must follow, in llama.cpp's GBNF.", HelpName = "FILE" };
    private readonly Option<string?> _regex = Values.Text("--regex", "Regular expression that the whole answer must match.");

    public void AddTo(Command command)
    {
        command.Add(_schema);
        command.Add(_grammar);
        command.Add(_regex);
    }

    /// <summary>Name of the option that binds the text; null where none does.</summary>
    public string? Asked(ParseResult parsed)
    {
        string[] asked = [.. new[] { _schema, _grammar, _regex }.Where(option => parsed.GetValue(option) is not null).Select(option => option.Name)];
        return asked.Length <= 1
            ? asked.FirstOrDefault()
            : throw new CommandFailedException($"expected one of {_schema.Name}, {_grammar.Name} and {_regex.Name}, found {string.Join(" and ", asked)}", CommandFailedException.WrongUsage);
    }

    /// <summary>The grammar of the text; null where it is free.</summary>
    public Grammar? Read(ParseResult parsed)
    {
        var option = Asked(parsed);
        try
        {
            return option is null ? null
                : option == _schema.Name ? Grammar.FromJsonSchema(ReadSchema(option, parsed.GetValue(_schema)!))
                : option == _grammar.Name ? Grammar.FromGbnf(InputFile.ReadText(option, parsed.GetValue(_grammar)!))
                : Grammar.FromRegex(parsed.GetValue(_regex)!);
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
}
