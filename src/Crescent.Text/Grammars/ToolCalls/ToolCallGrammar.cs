using System.Text.Json;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Grammars;

/// <summary>
/// Answers with tool calls, as a model family spells them: free text up to the marker of a call, then the name of a tool on offer, and arguments that its schema admits.
/// </summary>
public static class ToolCallGrammar
{
    private static readonly JsonElement s_object = JsonDocument.Parse("{\"type\":\"object\"}").RootElement;

    /// <summary>Whether a family's syntax is known.</summary>
    /// <param name="template">The chat template's name.</param>
    public static bool Supports(string template) => Syntax(template) is not null;

    /// <param name="template">The chat template's name, as <see cref="TemplateFactory"/> knows it.</param>
    /// <exception cref="NotSupportedException">The family's syntax is unknown, or the schema of a tool has a keyword that cannot be kept.</exception>
    /// <exception cref="ArgumentException">A tool has no name or one of another, or is asked for and not on offer; or its schema is malformed.</exception>
    public static Grammar Create(string template, Tokenizer tokenizer, ToolCallOptions options)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        var syntax = Syntax(template) ?? throw new NotSupportedException($"the template {template} has no known syntax of tool calls; use kimi-k2, chatml, deepseek-v3.1, deepseek-v3, deepseek-r1, harmony or llama-3");
        // The rules of a form come first: they refer to each other by their numbers.
        var text = options is { Text: { } form, Mode: ToolCallMode.Auto } ? form : null;
        var rules = text?.Rules.ToList() ?? [];
        var root = rules.Count;
        rules.Add(new GrammarRule("root", Expression.Nothing));
        var offered = options.Mode == ToolCallMode.None ? [] : Offered(options);
        var tools = offered.Select(tool => new CalledTool(tool.Name, Arguments(rules, tool.Name, tool.Parameters))).ToArray();
        var writer = new ToolCallWriter(template, tokenizer, rules, syntax.Markers);
        rules[root] = new GrammarRule("root", text is null ? syntax.Answer(writer, tools, options) : syntax.CallsOrText(writer, tools, new RuleExpression(text.Root), options));
        return new Grammar(rules, root) { MayRunOut = text is null && options.Mode != ToolCallMode.Required };
    }

    private static ToolCallSyntax? Syntax(string template) => template switch
    {
        "kimi-k2" or "kimi-k2-thinking" => new KimiCalls(),
        "chatml" => new ChatMlCalls(),
        "deepseek-v3.1" => new DeepSeekCalls(isFenced: false),
        "deepseek-v3" or "deepseek-r1" => new DeepSeekCalls(isFenced: true),
        "harmony" => new HarmonyCallSyntax(),
        "llama-3" => new Llama3Calls(),
        _ => null,
    };

    private static RuleExpression Arguments(List<GrammarRule> rules, string name, JsonElement? parameters)
    {
        try
        {
            return new RuleExpression(JsonSchemaCompiler.Append(rules, parameters is { ValueKind: JsonValueKind.Object } schema && schema.EnumerateObject().Any() ? schema : s_object));
        }
        catch (NotSupportedException exception)
        {
            throw new NotSupportedException($"tool {name}: {exception.Message}", exception);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"tool {name}: {exception.Message}", exception);
        }
    }

    private static List<(string Name, JsonElement? Parameters)> Offered(ToolCallOptions options)
    {
        var tools = new List<(string Name, JsonElement? Parameters)>();
        foreach (var function in options.Tools.Select(JsonSchemaNode.OfFunction))
        {
            var name = function.Text("name");
            if (string.IsNullOrEmpty(name) || name.Any(character => char.IsControl(character) || character is '"' or '\\') || tools.Any(tool => tool.Name == name))
            {
                throw new ArgumentException($"a tool needs a name of its own, without quotation marks; found {(name is null ? "none" : $"'{name}'")}");
            }

            tools.Add((name, function.Element("parameters")));
        }

        if (options.OnlyTool is { } only)
        {
            tools.RemoveAll(tool => tool.Name != only);
        }

        return tools.Count > 0 ? tools : throw new ArgumentException(options.OnlyTool is { } missing ? $"no tool on offer is named '{missing}'" : "no tools are on offer");
    }
}

/// <summary>A tool, and the rule of its arguments.</summary>
internal sealed record CalledTool(string Name, RuleExpression Arguments);
