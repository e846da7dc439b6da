using System.Text.Json;
using Crescent.Engine.Checkpoints;
using Crescent.Tests;
using Crescent.Training.Data;
using Crescent.Training.Optimizers;
using Crescent.Training.Runs;
using Xunit;

namespace Crescent.Training.Tests.Runs;

public sealed class ResumeTests
{
    [Fact]
    public void A_run_that_was_cut_off_has_the_losses_of_one_that_was_not()
    {
        var corpora = SharedData.Path("corpora");
        var folder = Path.Combine(Path.GetTempPath(), $"crescent-run-{Guid.NewGuid():N}");
        try
        {
            var whole = Options(corpora, Path.Combine(folder, "whole"));
            using (var run = new TrainingRun(whole, resume: false))
            {
                run.Run(null, CancellationToken.None);
            }

            // Cut off after step 5: the last state is that of step 4, and the log has a line more.
            var cut = Options(corpora, Path.Combine(folder, "cut"));
            using (var run = new TrainingRun(cut, resume: false))
            {
                for (var i = 0; i < 5; i++)
                {
                    run.Advance();
                }
            }

            File.AppendAllText(Path.Combine(cut.Output, TrainingRun.LogName), "{\"step\":6,\"lo");
            using (var run = new TrainingRun(cut, resume: true))
            {
                Assert.Equal(4, run.Step);
                run.Run(null, CancellationToken.None);
            }

            var (expected, found) = (Losses(whole), Losses(cut));
            Assert.Equal(whole.Schedule.Steps, expected.Length);
            Assert.Equal(expected, found);
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Output, "release", "model.safetensors")), File.ReadAllBytes(Path.Combine(cut.Output, "release", "model.safetensors")));
            Assert.True(expected[^1].Loss < expected[0].Loss);

            // The release opens, tokenizer and all, with its experts in INT4.
            using var checkpoint = Checkpoint.Open(Path.Combine(whole.Output, "release"));
            Assert.Equal(Crescent.Kernels.DType.INT4_G32, checkpoint.Tensors["blk.1.ffn_gate_exps.weight"].DType);
            Assert.NotNull(checkpoint.ReadTokenizer(checkpoint.Metadata).FindMarker("<|im_assistant|>"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_stage_begins_with_the_weights_of_the_one_before()
    {
        var corpora = SharedData.Path("corpora");
        var folder = Path.Combine(Path.GetTempPath(), $"crescent-run-{Guid.NewGuid():N}");
        try
        {
            using var first = new TrainingRun(Options(corpora, Path.Combine(folder, "first")), resume: false);
            first.Advance();
            first.Advance(); // writes a state
            var options = Options(corpora, Path.Combine(folder, "second"));
            options.From = Path.Combine(folder, "first");
            options.Tokenizer = new TokenizerOptions { Folder = Path.Combine(folder, "first", "tokenizer") };
            using var second = new TrainingRun(options, resume: false);
            Assert.Equal(0, second.Step);
            Assert.Equal(first.HeldOutLosses(), second.HeldOutLosses());
            Assert.All(first.Model.Parameters.Zip(second.Model.Parameters), pair =>
                Assert.True(pair.First.Values.Span(0, (int)pair.First.Values.Length).SequenceEqual(pair.Second.Values.Span(0, (int)pair.Second.Values.Length)), pair.First.Name));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_wrong_configuration_is_refused_by_name()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "{\"output\":\"x\",\"sources\":[],\"stpes\":3}");
            Assert.Contains("stpes", Assert.Throws<InvalidDataException>(() => RunOptions.Read(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void What_a_configuration_leaves_out_has_its_default()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "{\"output\":\"x\",\"sources\":[{\"name\":\"sgd\",\"weight\":2}],\"model\":{\"layers\":3},\"optimizer\":{\"weightDecay\":0.5}}");
            var options = RunOptions.Read(path);
            Assert.Equal(new SourceOptions("sgd", 2), Assert.Single(options.Sources));
            Assert.Equal(new ModelShapeOptions { Layers = 3 }, options.Model);
            Assert.Equal(new OptimizerOptions { WeightDecay = 0.5f }, options.Optimizer);
            Assert.Equal(new ScheduleOptions(), options.Schedule);
            Assert.Equal(new TokenizerOptions(), options.Tokenizer);
            Assert.Equal(1UL, options.Seed);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static RunOptions Options(string corpora, string output) => new()
    {
        Output = output,
        Corpora = corpora,
        Sources = [new SourceOptions("tinystories", 2, 40), new SourceOptions("chatterbot", 1, 60), new SourceOptions("synthetic", 1, 200)],
        Tokenizer = new TokenizerOptions { Ranks = 300, TextBytes = 100_000 },
        Model = new ModelShapeOptions
        {
            Layers = 2,
            Hidden = 64,
            Heads = 2,
            QueryRank = 32,
            LatentWidth = 32,
            NopeWidth = 16,
            RopeWidth = 16,
            ValueWidth = 16,
            DenseWidth = 96,
            Experts = 6,
            TopK = 2,
            ExpertWidth = 32,
            ContextLength = 128,
        },
        Optimizer = new OptimizerOptions { LogitClip = 0.5f },
        Schedule = new ScheduleOptions { RowLength = 64, Rows = 4, Accumulate = 2, Steps = 8, WarmUp = 2, StateEvery = 2, EvaluateEvery = 4, EvaluationRows = 4, Int4From = 5, Peak = 5e-3f },
        Threads = 2,
    };

    private static (int Step, double Loss, double Gradient, int Clipped, bool Int4)[] Losses(RunOptions options) => [.. File.ReadLines(Path.Combine(options.Output, TrainingRun.LogName))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.TryGetProperty("loss", out _))
        .Select(line => (line.GetProperty("step").GetInt32(), line.GetProperty("loss").GetDouble(), line.GetProperty("gradientNorm").GetDouble(), line.GetProperty("clippedHeads").GetInt32(), line.GetProperty("int4").GetBoolean()))];
}
