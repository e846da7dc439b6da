using System.Buffers;
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
        var model = new Argument<string?>("MODEL") { Description = "A model, or a folder or file that holds only a tokenizer. Default: the built-in model.", Arity = ArgumentArity.ZeroOrOne };
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

            var tokenizer = TokenizerArgument.Open(ModelOptionsArguments.RequirePath(parsed.GetValue(model), terminal), parsed.GetValue(pre));
            var ids = new List<int>();
            if (parsed.GetValue(bos))
            {
                ids.Add(tokenizer.BosId ?? throw new CommandFailedException("--bos: the tokenizer has no start token"));
            }

            var bytes = path is null ? Encoding.UTF8.GetBytes(words!) : InputFile.ReadBytes("--file", path);
            tokenizer.Encode(bytes, ids, parsed.GetValue(special) ? TextTrust.Trusted : TextTrust.Plain);
            Write(terminal.Out, tokenizer, ids);
        });
        return command;
    }

    // Written straight through: a megabyte of text has hundreds of thousands of pieces.
    private static void Write(TextWriter output, Tokenizer tokenizer, List<int> ids)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("ids");
            foreach (var id in ids)
            {
                writer.WriteNumberValue(id);
            }

            writer.WriteEndArray();
            writer.WriteStartArray("pieces");
            foreach (var id in ids)
            {
                WritePiece(writer, tokenizer.IsControl(id) ? Encoding.UTF8.GetBytes(tokenizer.TokenName(id)) : tokenizer.TokenBytes(id));
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(json.WrittenSpan));
    }

    // A string, or an array of byte values where the piece is not valid UTF-8 alone.
    private static void WritePiece(Utf8JsonWriter writer, ReadOnlySpan<byte> piece)
    {
        if (Utf8.IsValid(piece))
        {
            writer.WriteStringValue(piece);
            return;
        }

        writer.WriteStartArray();
        foreach (var value in piece)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }
}
