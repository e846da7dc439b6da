using System.CommandLine;
using System.Globalization;
using Crescent.Cli.Hub;
using Crescent.Cli.Json;
using Crescent.Cli.Lossy;
using Crescent.Cli.Options;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime.Scoring;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent perplexity</c>: how well a model predicts a text, and how far its predictions are from another model's.</summary>
internal static class PerplexityCommand
{
    private const int DefaultContext = 512; // llama.cpp's, so that figures compare
    private const int Chunk = 512;

    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptionsArguments();
        var file = new Option<string>("--file", "-f") { Description = "The text.", Required = true };
        var llama = new Option<bool>("--llama") { Description = "Count as llama.cpp does: whole contexts, the second half of each." };
        var kl = new Option<string?>("--kl-base") { Description = "Divergence from this: logits stored by --save-logits, by 'crescent logits' of the same tokens or by llama-perplexity, or another model." };
        var save = new Option<string?>("--save-logits") { Description = "Where to keep the logits for a later --kl-base." };
        var chunks = Values.Number<int>("--chunks", "Only the first N contexts.");
        var json = new Option<bool>("--json") { Description = "One JSON document on standard output." };
        var command = new Command("perplexity", "Measures how well a model predicts a text.") { file, llama, kl, save, chunks, json };
        model.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var text = InputFile.ReadBytes("--file", parsed.GetValue(file)!);
            var context = model.ReadContext(parsed) ?? DefaultContext;
            if (context < 4)
            {
                throw new CommandFailedException($"--context: expected at least 4 tokens to score, found {context}", CommandFailedException.WrongUsage);
            }

            var most = Values.AtLeastOne("--chunks", parsed.GetValue(chunks));
            var counting = parsed.GetValue(llama) ? TextCounting.Llama : TextCounting.EveryToken;
            var options = model.Read(parsed, terminal, Math.Min(Chunk, context));
            ModelSession Open(string path, ModelOptions options) => ModelSession.Open(path, model.ReadOverrides(parsed), options, context, terminal);
            using var session = Open(model.PathOf(parsed, terminal), options);
            var scored = ScoredText.Read(session.Tokenizer, text, counting, context, most, parsed.GetValue(file)!);
            using var run = new PerplexityRun(session, scored, terminal);
            run.CompareWith(
                parsed.GetValue(kl) is { } path ? PerplexityBase.Open(path, scored, session, name => Open(ModelPath.Resolve(name), options with { Lossy = null }), terminal)
                : session.Lossy is not null ? new ExactBase(session.Model, cancellation)
                : null);
            run.SaveTo(parsed.GetValue(save));
            run.Execute(cancellation);
            var report = run.Report();
            if (run.MeasuredLabel() is { Measured: { } measured } label && parsed.GetValue(kl) is null && !LossyMeasurementFile.TrySave(label.Path, measured))
            {
                terminal.Warn("the divergence could not be kept for later runs: there is no cache folder that can be written");
            }

            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, report);
            }
            else
            {
                Print(terminal.Out, report);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Print(TextWriter output, PerplexityJson report)
    {
        Line($"tokens        {report.Tokens}, {(report.Counting == "llama" ? $"in second halves of contexts of {report.Context}, as llama.cpp counts" : $"each once, in contexts of {report.Context}")}");
        Line($"perplexity    {report.TokenPerplexity:F4} ± {report.StandardError:F4} a token");
        if (report.WordPerplexity is { } word)
        {
            Line($"              {word:F4} a word");
        }

        if (report.BytePerplexity is { } unit)
        {
            Line($"              {unit:F4} a byte, {report.BitsPerByte:F4} bits a byte");
        }

        if (report.Lossy is { } lossy)
        {
            Line($"lossy         {lossy.Helps}");
        }

        if (report.KlMean is { } mean)
        {
            Line($"divergence    {mean:F6} ± {report.KlStandardError:F6} nats a token; median {report.KlMedian:F6}, 99 % below {report.KlP99:F6}, largest {report.KlMax:F6}");
            Line($"              same likeliest token in {report.TopOneAgreement:P2}");
        }

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }
}
