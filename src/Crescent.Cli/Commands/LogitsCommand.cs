using System.CommandLine;
using System.Runtime.InteropServices;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Runtime;
using Crescent.Kernels.Elementwise;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent logits</c>: the logits of every position of a given text, as raw float32.</summary>
internal static class LogitsCommand
{
    private const int DefaultChunk = 64;
    private const int MostChunk = 4096;

    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var tokens = new Option<string?>("--tokens") { Description = "Token ids, separated by commas." };
        var tokensFile = new Option<string?>("--tokens-file") { Description = "A file of token ids, separated by commas or white space." };
        var output = new Option<string>("--out") { Description = "Where to write little-endian float32 [tokens, vocab].", Required = true };
        var chunk = Values.Number("--chunk", DefaultChunk, $"Tokens a step, 1..{MostChunk}");
        var json = new Option<bool>("--json") { Description = "One JSON document on standard output." };
        var command = new Command("logits", "Writes the logits of every position of a text.") { tokens, tokensFile, output, chunk, json };
        model.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var ids = TokenList.Read(parsed.GetValue(tokens), parsed.GetValue(tokensFile));
            var step = parsed.GetValue(chunk);
            if (step is < 1 or > MostChunk)
            {
                throw new CommandFailedException($"--chunk: expected 1..{MostChunk}, found {step}", CommandFailedException.WrongUsage);
            }

            using var session = ModelSession.Open(model.PathOf(parsed, terminal), model.ReadOverrides(parsed), model.Read(parsed, terminal, step), model.ReadContext(parsed), terminal);
            var path = parsed.GetValue(output)!;
            var vocab = session.Model.Shape.Vocab;
            if (ids.FirstOrDefault(id => id >= vocab, -1) is >= 0 and var outside)
            {
                throw new CommandFailedException($"{session.Checkpoint.Path}: expected token ids below the vocabulary of {vocab}, found {outside}");
            }

            var firstBad = -1;
            using (var stream = OutputFile.Create("--out", path))
            {
                Scorer.Run(session.Model, ids, step, Write, cancellation: cancellation);

                void Write(int position, Span<float> logits)
                {
                    firstBad = firstBad < 0 && !VectorMath.AllFinite(logits) ? position : firstBad;
                    stream.Write(MemoryMarshal.AsBytes(logits));
                }
            }

            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new LogitsJson(path, ids.Length, vocab, firstBad < 0, session.Lossy?.ToJson()));
            }

            return firstBad < 0
                ? Task.FromResult(0)
                : throw new CommandFailedException($"{session.Checkpoint.Path}: expected finite logits, found NaN or infinity from position {firstBad} on (written all the same to {path})");
        });
        return command;
    }
}
