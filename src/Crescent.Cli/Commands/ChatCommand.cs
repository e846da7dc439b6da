using System.CommandLine;
using Crescent.Cli.Options;
using Crescent.Text.Templates;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent chat</c>: a conversation in the terminal.</summary>
internal static class ChatCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var sampling = new SamplingArguments();
        var system = new Option<string?>("--system") { Description = "System message." };
        var count = new Option<int?>("--tokens", "-n") { Description = "Most tokens of an answer." };
        var template = new Option<string?>("--template") { Description = $"Chat template: {string.Join(", ", TemplateFactory.Names)} (default: the model's)." };
        var command = new Command("chat", "A conversation in the terminal; /help lists its commands.") { system, count, template };
        model.AddTo(command);
        sampling.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            using var session = ModelSession.Open(model.PathOf(parsed), model.ReadOverrides(parsed), model.Read(parsed), parsed.GetValue(model.Context), terminal);
            var chat = session.Template(parsed.GetValue(template));
            using var loop = new ChatLoop(terminal, session, chat, sampling.Read(parsed, session.Defaults.Options, session.Tokenizer), parsed.GetValue(count))
            {
                SystemMessage = parsed.GetValue(system),
            };
            return Task.FromResult(loop.Run(cancellation));
        });
        return command;
    }
}
