using System.CommandLine;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;

namespace Crescent.Cli.Options;

/// <summary>Which tools are on offer, and whether one is called.</summary>
internal sealed class ToolArguments
{
    private readonly Option<string?> _file = new("--tools") { Description = "Tools that the model may call: a JSON file with a list of OpenAI function tools.", HelpName = "FILE" };
    private readonly Option<bool> _none = new("--no-tools") { Description = "Offer no tools, not the built-in model's either." };
    private readonly Option<string?>? _choice;

    /// <param name="hasChoice">Whether <c>--tool-choice</c> is among them.</param>
    public ToolArguments(bool hasChoice) =>
        _choice = hasChoice ? new("--tool-choice") { Description = "Whether the answer calls tools: as the model likes, not at all, at least one, or the one of this name (auto).", HelpName = "auto|none|required|NAME" } : null;

    public void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_none);
        if (_choice is not null)
        {
            command.Add(_choice);
        }
    }

    /// <param name="defaults">Tools where the user names none: not offered where they cannot be.</param>
    /// <param name="template">Null for none.</param>
    /// <param name="textOption">The option that binds the answer's text; null where none does.</param>
    public ToolOffer Read(ParseResult parsed, IReadOnlyList<ToolDefinition> defaults, ChatTemplate? template, string? textOption = null)
    {
        var file = parsed.GetValue(_file);
        if (file is not null && parsed.GetValue(_none))
        {
            throw Wrong("expected one of --tools and --no-tools, found both");
        }

        var choice = (_choice is null ? null : parsed.GetValue(_choice)) ?? "auto";
        if (choice == "none")
        {
            return ToolOffer.None;
        }

        if (Obstacle(template, textOption) is { } obstacle)
        {
            return file is null && choice == "auto" ? ToolOffer.None : throw Wrong($"{(file is null ? "--tool-choice" : "--tools")}: {obstacle}");
        }

        var tools = file is not null ? ToolFile.Read("--tools", file) : parsed.GetValue(_none) ? [] : defaults;
        return choice switch
        {
            "auto" => new ToolOffer(tools),
            "required" when tools.Count == 0 => throw Wrong("--tool-choice: required, but there are no tools: name some with --tools FILE"),
            "required" => new ToolOffer(tools, ToolCallMode.Required),
            _ when tools.Any(tool => ToolFile.NameOf(tool) == choice) => new ToolOffer(tools, ToolCallMode.Required, choice),
            _ => throw Wrong($"--tool-choice: expected auto, none, required{string.Concat(tools.Select(tool => $", {ToolFile.NameOf(tool)}"))}, found '{choice}'{(tools.Count == 0 ? " and no tools" : "")}"),
        };
    }

    private static string? Obstacle(ChatTemplate? template, string? textOption) =>
        template is null ? "tools need a chat template, and --raw leaves it out"
        : !template.SupportsTools ? ToolOffer.Unsupported(template)
        : textOption is not null ? $"an answer whose text is bound by {textOption} cannot call tools: leave one of the two out"
        : null;

    private static CommandFailedException Wrong(string message) => new(message, CommandFailedException.WrongUsage);
}
