using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent tokenize</c>: text to ids, as JSON.</summary>
internal static class TokenizeCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string?>("MODEL") { Description = "A model, or a folder or file that holds only a tokenizer.", Arity = ArgumentArity.ZeroOrOne };
        var text = Values.Text("--text", "The text.");
        var file = new Option<string?>("--file") { Description = "A file, read byte for byte." };
        var special = new Option<bool>("--special") { Description = "Let marker text become control tokens." };
        var bos = new Option<bool>("--bos") { Description = "Begin with the start token." };
        var pre = TokenizerArgument.PreOption();
        var json = new Option<bool>("--json") { Description = "Has no effect: the answer is always JSON." };
        var command = new Command("tokenize", "Turns text into token ids.") { model, text, file, special, bos, pre, json };
        command.SetAction(parsed =>
        {
            var (words, path) = (parsed.GetValue(text), parsed.GetValue(file));
            if (words is null == path is null)
            {
                throw new CommandFailedException($"expected one of --text and --file, found {(words is null ? "none" : "both")}", CommandFailedException.WrongUsage);
            }

            var tokenizer = TokenizerArgument.Open(ModelOptionsArguments.RequirePath(parsed.GetValue(model)), parsed.GetValue(pre));
            var ids = new List<int>();
            if (parsed.GetValue(bos))
            {
                ids.Add(tokenizer.BosId ?? throw new CommandFailedException("--bos: the tokenizer has no start token"));
            }

            var bytes = path is null ? Encoding.UTF8.GetBytes(words!) : InputFile.ReadBytes("--file", path);
            tokenizer.Encode(bytes, ids, parsed.GetValue(special) ? TextTrust.Trusted : TextTrust.Plain);
            CliJson.Write(terminal.Out, new TokenizeJson(ids, [.. ids.Select(id => Piece(tokenizer, id))]));
        });
        return command;
    }

    private static JsonElement Piece(Tokenizer tokenizer, int id)
    {
        var bytes = tokenizer.IsControl(id) ? Encoding.UTF8.GetBytes(tokenizer.TokenName(id)) : tokenizer.TokenBytes(id).ToArray();
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            if (Utf8.IsValid(bytes))
            {
                writer.WriteStringValue(bytes);
            }
            else
            {
                writer.WriteStartArray();
                foreach (var value in bytes)
                {
                    writer.WriteNumberValue(value);
                }

                writer.WriteEndArray();
            }
        }

        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }
}
