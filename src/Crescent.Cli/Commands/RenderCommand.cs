using System.CommandLine;
using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent render</c>: a chat-completions request as the model's template writes it, as JSON.</summary>
internal static class RenderCommand
{
    // Where Kimi has <think> and </think>, counted from its first control token (reference models.md 4.1).
    private static readonly (string Name, int Offset)[] s_kimiThink = [("<think>", 22), ("</think>", 23)];

    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string?>("MODEL") { Description = "A model, or a folder or file that holds only a tokenizer. Default: the built-in model.", Arity = ArgumentArity.ZeroOrOne };
        var request = new Option<string?>("--request") { Description = "A file with the body of a chat-completions request." };
        var template = new Option<string?>("--template") { Description = $"Chat template: {string.Join(", ", TemplateFactory.Names)} (default: the model's)." };
        var thinkAs = new Option<string?>("--think-as") { Description = "Whether <think> is text or token (default: token where the vocabulary names it)." };
        thinkAs.AcceptOnlyFromAmong("text", "token");
        var pre = TokenizerArgument.PreOption();
        var json = new Option<bool>("--json") { Description = "Has no effect: the answer is always JSON." };
        var command = new Command("render", "Renders a chat request as the prompt that the model gets.") { model, request, template, thinkAs, pre, json };
        command.SetAction(parsed =>
        {
            var path = ModelOptionsArguments.RequirePath(parsed.GetValue(model), terminal);
            var file = parsed.GetValue(request) ?? throw new CommandFailedException("--request: expected a file, found none", CommandFailedException.WrongUsage);
            var tokenizer = TokenizerArgument.Open(path, parsed.GetValue(pre));
            var chat = Template(parsed.GetValue(template), tokenizer, path);
            var segments = chat.Render(ChatRequestFile.Read("--request", file) with { CurrentDate = DateOnly.FromDateTime(terminal.Time.GetLocalNow().DateTime) });
            var ids = PromptEncoder.Encode(ThinkAs(segments, parsed.GetValue(thinkAs), tokenizer), tokenizer);
            CliJson.Write(terminal.Out, new RenderJson(string.Concat(segments.Select(segment => segment.Text)), ids));
        });
        return command;
    }

    private static ChatTemplate Template(string? name, Tokenizer tokenizer, string path) =>
        name is null ? TemplateFactory.Detect(null, tokenizer, Path.GetFileName(Path.TrimEndingDirectorySeparator(path)))
        : TemplateFactory.Names.Contains(name) ? TemplateFactory.Create(name)
        : throw new CommandFailedException($"--template: expected one of {string.Join(", ", TemplateFactory.Names)}, found '{name}'", CommandFailedException.WrongUsage);

    private static IReadOnlyList<PromptSegment> ThinkAs(IReadOnlyList<PromptSegment> segments, string? kind, Tokenizer tokenizer)
    {
        if (kind is null)
        {
            return segments;
        }

        var replaced = s_kimiThink.ToDictionary(think => think.Name, think => kind == "text" ? PromptSegment.Untrusted(think.Name) : Token(think.Name, think.Offset, tokenizer));
        return [.. segments.Select(segment => segment.IsMarker && replaced.TryGetValue(segment.Text, out var other) ? other : segment)];
    }

    // A K2 vocabulary that does not name the tokens has them all the same.
    private static PromptSegment Token(string name, int offset, Tokenizer tokenizer)
    {
        if (tokenizer.FindMarker(name) is not null)
        {
            return PromptSegment.Marker(name);
        }

        var reserved = tokenizer.BosId is { } first ? $"<|reserved_token_{(first + offset).ToString(CultureInfo.InvariantCulture)}|>" : "";
        return tokenizer.FindControl(reserved) is not null
            ? PromptSegment.Marker(reserved)
            : throw new CommandFailedException($"--think-as token: the vocabulary has no token {name}");
    }
}
