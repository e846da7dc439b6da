using System.CommandLine;
using Crescent.Cli.Json;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent detokenize</c>: ids to text, as JSON.</summary>
internal static class DetokenizeCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string?>("MODEL") { Description = "A model, or a folder or file that holds only a tokenizer. Default: the built-in model.", Arity = ArgumentArity.ZeroOrOne };
        var tokens = new Option<string?>("--tokens") { Description = "Token ids, separated by commas." };
        var tokensFile = new Option<string?>("--tokens-file") { Description = "A file of token ids." };
        var special = new Option<bool>("--special") { Description = "Show control tokens." };
        var pre = TokenizerArgument.PreOption();
        var json = new Option<bool>("--json") { Description = "Has no effect: the answer is always JSON." };
        var command = new Command("detokenize", "Turns token ids into text.") { model, tokens, tokensFile, special, pre, json };
        command.SetAction(parsed =>
        {
            var ids = TokenList.Read(parsed.GetValue(tokens), parsed.GetValue(tokensFile));
            var tokenizer = TokenizerArgument.Open(Options.ModelOptionsArguments.RequirePath(parsed.GetValue(model), terminal), parsed.GetValue(pre));
            CliJson.Write(terminal.Out, new DetokenizeJson(tokenizer.DecodeText(ids, parsed.GetValue(special))));
        });
        return command;
    }
}
