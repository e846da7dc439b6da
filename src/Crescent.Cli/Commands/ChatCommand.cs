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
        var prefixes = new PrefixCacheArguments();
        var tools = new ToolArguments(hasChoice: false);
        var speculate = new SpeculateArgument();
        var system = Values.Text("--system", "System message.");
        var count = Values.Number<int>("--tokens", "Most tokens of an answer (default: until the model stops or the context ends).", "-n");
        var template = new Option<string?>("--template") { Description = $"Chat template: {string.Join(", ", TemplateFactory.Names)} (default: the model's)." };
        var json = new Option<bool>("--json") { Description = "One JSON document for each answer, on a line." };
        var command = new Command("chat", "A conversation in the terminal; /help lists its commands.") { system, count, template, json };
        model.AddTo(command);
        prefixes.AddTo(command);
        sampling.AddTo(command);
        tools.AddTo(command);
        speculate.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(count) is < 1)
            {
                throw new CommandFailedException($"--tokens: expected at least 1, found {parsed.GetValue(count)}", CommandFailedException.WrongUsage);
            }

            using var session = ModelSession.Open(model.PathOf(parsed, terminal), model.ReadOverrides(parsed), model.Read(parsed, terminal), model.ReadContext(parsed), terminal);
            session.OpenSnapshots(prefixes.Read(parsed), terminal);
            var chat = session.Template(parsed.GetValue(template));
            var builtIn = model.BuiltIn(parsed, terminal);
            using var loop = new ChatLoop(terminal, session, speculate.Read(parsed), chat, sampling.Read(parsed, session.Defaults.Options, session.Tokenizer, session.Model.Shape.Vocab), parsed.GetValue(count))
            {
                SystemMessage = parsed.GetValue(system) ?? (builtIn is null ? null : BuiltInModel.SystemMessage(session.Today)),
                Json = parsed.GetValue(json),
            };
            loop.Offer(tools.Read(parsed, builtIn?.Tools() ?? [], chat).Tools, "--tools");
            return Task.FromResult(loop.Run(cancellation));
        });
        return command;
    }
}
