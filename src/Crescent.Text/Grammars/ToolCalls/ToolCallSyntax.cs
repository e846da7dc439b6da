namespace Crescent.Text.Grammars;

/// <summary>How a model family spells an answer with tool calls.</summary>
internal abstract class ToolCallSyntax
{
    /// <summary>Most calls of one answer.</summary>
    protected const int MaxCalls = 64;

    /// <summary>Markers that stand only where the syntax has them.</summary>
    public abstract IReadOnlyList<string> Markers { get; }

    /// <summary>The marker that begins the calls.</summary>
    protected abstract string Begin { get; }

    /// <summary>A whole answer, its stop token aside.</summary>
    /// <param name="tools">None where no calls may be made.</param>
    public virtual Expression Answer(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options) => options.Mode switch
    {
        ToolCallMode.None => writer.FreeText(Begin),
        ToolCallMode.Required => Expression.Sequence(writer.Reasoning(options.ReasoningIsOpen, Begin), Calls(writer, tools, options)),
        _ => Expression.Sequence(writer.FreeText(Begin), Expression.Optional(Calls(writer, tools, options))),
    };

    /// <summary>An answer, its stop token aside, that is either calls or a text of a form, after reasoning.</summary>
    /// <param name="text">The rule of the form.</param>
    public virtual Expression CallsOrText(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, Expression text, ToolCallOptions options) =>
        Expression.Sequence(writer.Reasoning(options.ReasoningIsOpen, Begin), Expression.Choice(Calls(writer, tools, options), text));

    /// <summary>All calls, with the markers around them.</summary>
    protected abstract Expression Calls(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options);

    /// <summary>One call, or several with something between them.</summary>
    protected static Expression OneOrMore(Expression call, Expression between, bool parallel) =>
        parallel ? Expression.Sequence(call, Expression.Repeat(Expression.Sequence(between, call), 0, MaxCalls - 1)) : call;

    /// <summary>A call of any of the tools.</summary>
    protected static Expression Any(IReadOnlyList<CalledTool> tools, Func<CalledTool, Expression> call) => Expression.Choice([.. tools.Select(call)]);
}

/// <summary>Kimi K2: ids are <c>functions.NAME:N</c>, and N counts on.</summary>
internal sealed class KimiCalls : ToolCallSyntax
{
    public override IReadOnlyList<string> Markers { get; } =
        ["<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"];

    protected override string Begin => Markers[0];

    protected override Expression Calls(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options)
    {
        var heads = tools.Select(tool => Expression.Text($"functions.{tool.Name}:")).ToArray();
        var (begin, argument, end) = (writer.Marker(Markers[2]), writer.Marker(Markers[3]), writer.Marker(Markers[4]));
        Expression rest = Expression.Nothing;
        for (var i = options.Parallel ? MaxCalls - 1 : 0; i >= 0; i--)
        {
            Expression index = new LexemeExpression(new NfaLexeme(NfaBuilder.Build(Expression.Text($"{options.FirstIndex + i}"))));
            var calls = tools.Select((tool, at) => Expression.Sequence(heads[at], index, argument, tool.Arguments)).ToArray();
            var call = Expression.Sequence(begin, Expression.Choice(calls), end, rest);
            rest = i == 0 ? call : Expression.Optional(writer.Rule($"call {i}", call));
        }

        return Expression.Sequence(writer.Marker(Markers[0]), rest, writer.Marker(Markers[1]));
    }
}

/// <summary>ChatML as Qwen has it: a JSON object with name and arguments between two markers.</summary>
internal sealed class ChatMlCalls : ToolCallSyntax
{
    public override IReadOnlyList<string> Markers { get; } = ["<tool_call>", "</tool_call>"];

    protected override string Begin => Markers[0];

    protected override Expression Calls(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options)
    {
        var call = Any(tools, tool => Expression.Sequence(Expression.Text($"\n{{\"name\": \"{tool.Name}\", \"arguments\": "), tool.Arguments, Expression.Text("}\n")));
        var marked = writer.Rule("call", Expression.Sequence(writer.Marker(Markers[0]), call, writer.Marker(Markers[1])));
        return OneOrMore(marked, Expression.Text("\n"), options.Parallel);
    }
}

/// <summary>DeepSeek V3.1; V3 and R1 put the arguments into a fence.</summary>
internal sealed class DeepSeekCalls(bool isFenced) : ToolCallSyntax
{
    public override IReadOnlyList<string> Markers { get; } =
        ["<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"];

    protected override string Begin => Markers[0];

    protected override Expression Calls(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options)
    {
        var separator = writer.Marker(Markers[3]);
        var call = isFenced
            ? Expression.Sequence(Expression.Text("function"), separator, Any(tools, tool =>
                Expression.Sequence(Expression.Text($"{tool.Name}\n```json\n"), tool.Arguments, Expression.Text("\n```"))))
            : Any(tools, tool => Expression.Sequence(Expression.Text(tool.Name), separator, tool.Arguments));
        var marked = writer.Rule("call", Expression.Sequence(writer.Marker(Markers[2]), call, writer.Marker(Markers[4])));
        var calls = OneOrMore(marked, isFenced ? Expression.Text("\n") : Expression.Nothing, options.Parallel);
        return Expression.Sequence(writer.Marker(Markers[0]), calls, writer.Marker(Markers[1]));
    }
}

/// <summary>Llama 3.1 and later: the whole answer is one JSON object with name and parameters.</summary>
internal sealed class Llama3Calls : ToolCallSyntax
{
    public override IReadOnlyList<string> Markers { get; } = ["<|python_tag|>"];

    protected override string Begin => "{";

    public override Expression Answer(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options) => options.Mode switch
    {
        ToolCallMode.None => writer.FreeText(),
        ToolCallMode.Required => Calls(writer, tools, options),
        _ => Expression.Choice(Calls(writer, tools, options), writer.TextUnlike(Begin)),
    };

    public override Expression CallsOrText(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, Expression text, ToolCallOptions options) => Expression.Choice(Calls(writer, tools, options), text);

    protected override Expression Calls(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options) =>
        Any(tools, tool => Expression.Sequence(Expression.Text($"{{\"name\": \"{tool.Name}\", \"parameters\": "), tool.Arguments, Expression.Text("}")));
}

/// <summary>gpt-oss: messages of channels; a call is one to a function, and ends the answer.</summary>
internal sealed class HarmonyCallSyntax : ToolCallSyntax
{
    public override IReadOnlyList<string> Markers { get; } = ["<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|call|>", "<|return|>"];

    protected override string Begin => Markers[1];

    public override Expression Answer(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options)
    {
        var last = options.Mode switch
        {
            ToolCallMode.None => Message(writer, "final"),
            ToolCallMode.Required => Calls(writer, tools, options),
            _ => Expression.Choice(Message(writer, "final"), Calls(writer, tools, options)),
        };
        return After(writer, last);
    }

    public override Expression CallsOrText(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, Expression text, ToolCallOptions options) =>
        After(writer, Expression.Choice(Calls(writer, tools, options), Expression.Sequence(writer.Marker("<|channel|>"), Expression.Text("final"), writer.Marker("<|message|>"), text)));

    protected override Expression Calls(ToolCallWriter writer, IReadOnlyList<CalledTool> tools, ToolCallOptions options) =>
        Expression.Sequence(writer.Marker("<|channel|>"), Any(tools, tool => Expression.Sequence(
            Expression.Text($"commentary to=functions.{tool.Name} "), writer.Marker("<|constrain|>"), Expression.Text("json"), writer.Marker("<|message|>"), tool.Arguments)));

    // Messages that may come before the last.
    private static Expression After(ToolCallWriter writer, Expression last)
    {
        var before = Expression.Choice(Message(writer, "analysis"), Message(writer, "commentary"));
        var next = Expression.Sequence(writer.Marker("<|end|>"), writer.Marker("<|start|>"), Expression.Text("assistant"));
        return Expression.Sequence(Expression.Repeat(Expression.Sequence(before, next), 0, null), last);
    }

    private static Expression Message(ToolCallWriter writer, string channel) =>
        Expression.Sequence(writer.Marker("<|channel|>"), Expression.Text(channel), writer.Marker("<|message|>"), writer.FreeText());
}
