using System.CommandLine;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent imatrix</c>: measures over a text how much each column of each weight matrix matters, for <c>quantize --imatrix</c>.</summary>
internal static class ImatrixCommand
{
    private const int DefaultContext = 512; // llama.cpp's
    private const int MostStep = 2048;

    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var file = new Option<string>("--file", "-f") { Description = "The text.", Required = true };
        var output = new Option<string>("--out", "-o") { Description = "The importance matrix to write, in llama.cpp's GGUF form.", Required = true };
        var chunks = Values.Number<int>("--chunks", "Only the first N contexts.");
        var head = new Option<bool>("--process-output") { Description = "Measure the output head too." };
        var json = new Option<bool>("--json") { Description = "One JSON document on standard output." };
        var command = new Command("imatrix", "Measures which weights matter, for a better quantization.") { file, output, chunks, head, json };
        model.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var text = InputFile.ReadBytes("--file", parsed.GetValue(file)!);
            var context = model.ReadContext(parsed) ?? DefaultContext;
            var most = Values.AtLeastOne("--chunks", parsed.GetValue(chunks));
            OutputFile.RequireWritable("--out", parsed.GetValue(output)!);
            var options = model.Read(parsed, terminal, Math.Min(context, MostStep));
            if (options.Lossy is not null)
            {
                throw new CommandFailedException("lossy options: expected none, found one: an importance matrix is that of the exact model", CommandFailedException.WrongUsage);
            }

            using var session = ModelSession.Open(model.PathOf(parsed, terminal), model.ReadOverrides(parsed), options, context, terminal, ChooseForm);
            var run = new ImportanceRun(session, text, parsed.GetValue(file)!, context, most, parsed.GetValue(head), terminal);
            var report = run.Execute(parsed.GetValue(output)!, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, report);
            }
            else
            {
                terminal.Out.WriteLine($"{report.Out}: {report.Tensors} tensors, measured over {report.Tokens} tokens in {report.Chunks} contexts of {report.Context}");
            }

            return Task.FromResult(0);
        });
        return command;
    }

    // The columns of attn_k_b meet their input in latent attention's absorbed form, those of a whole attn_kv_b in the expanded one.
    private static ModelOptions ChooseForm(Checkpoint checkpoint, ModelOptions options)
    {
        bool Has(string suffix) => checkpoint.Tensors.Keys.Any(name => name.EndsWith(suffix, StringComparison.Ordinal));
        return options.Mla != MlaForm.Auto ? options
            : options with { Mla = Has(".attn_kv_b.weight") && !Has(".attn_k_b.weight") ? MlaForm.Expanded : MlaForm.Absorbed };
    }
}
