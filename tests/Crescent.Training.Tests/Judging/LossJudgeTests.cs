using System.Text.Json;
using Crescent.Engine.Models;
using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;
using Crescent.Training.Data;
using Crescent.Training.Judging;
using Crescent.Training.Runs;
using Xunit;

namespace Crescent.Training.Tests.Judging;

public sealed class LossJudgeTests(LearntModel learnt) : IClassFixture<LearntModel>
{
    private static readonly ModelOptions s_exact = new() { Threads = 2, Activations = ActivationType.F32, KvType = KvType.F32 };

    [Fact]
    public void The_engine_finds_the_losses_that_training_found()
    {
        ScoredPiece[] pieces = [.. Pieces("text", Example.OfText("text:1", "A train leaves at 10:04. Thé à Lyon.", true)), .. Pieces("trips", LearntModel.Example)];
        using var model = JudgedModel.Open(learnt.RoundedRelease, s_exact);
        var judge = new LossJudge(model, null);
        judge.Run(pieces, null, TestContext.Current.CancellationToken);
        Assert.Equal(["text", "trips"], judge.Losses.Select(loss => loss.Kind));
        foreach (var (piece, loss) in pieces.Zip(judge.Losses))
        {
            var batch = LearntModel.Batch(piece.Tokens, piece.IsLearnt);
            Assert.Equal(batch.TargetCount, loss.Tokens);
            var expected = learnt.Trained.Loss(batch) / batch.TargetCount;
            Assert.Equal(expected, loss.Loss, 1e-4 * Math.Max(1, expected));
            Assert.Equal(Math.Exp(loss.Loss), loss.Perplexity, 1e-6 * loss.Perplexity);
            Assert.Equal(loss.Loss * loss.Tokens / Math.Log(2) / loss.Bytes, loss.BitsPerByte!.Value, 1e-9);
        }

        // All of the text's bytes but those of its first token, which nothing predicts.
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount("A train leaves at 10:04. Thé à Lyon.") - learnt.Tokenizer.TokenBytes(pieces[0].Tokens[0]).Length, judge.Losses[0].Bytes);
    }

    [Fact]
    public void A_model_is_at_no_distance_from_itself_and_at_some_from_its_rounded_one()
    {
        var pieces = Pieces("text", Example.OfText("text:1", "A train leaves at 10:04. It leaves for Lyon.", true)).ToArray();
        Assert.Equal(0, Divergence(learnt.Release).Divergence, 1e-12);
        var rounded = Divergence(learnt.RoundedRelease);
        Assert.InRange(rounded.Divergence, 1e-6, 5);
        Assert.True(rounded.Largest >= rounded.Divergence);
        Assert.Equal(pieces[0].Predictions, rounded.Tokens);

        KindDivergence Divergence(string other)
        {
            using var model = JudgedModel.Open(learnt.Release, s_exact);
            using var beside = JudgedModel.Open(other, s_exact);
            var judge = new LossJudge(model, beside);
            judge.Run(pieces, null, TestContext.Current.CancellationToken);
            return Assert.Single(judge.Divergences);
        }
    }

    [Fact]
    public void Pieces_are_cut_as_in_training_and_taken_until_there_are_enough()
    {
        var examples = Enumerable.Range(0, 40).Select(i => Example.OfText($"text:{i}", $"Number {i} leaves at ten for the town of Lyon and comes back in the evening.", true)).ToArray();
        var whole = examples.SelectMany(example => Pieces("text", example)).Sum(piece => piece.Predictions);
        var chosen = ScoredPiece.Choose("text", examples, learnt.Encoder, 60, 16, 1);
        Assert.All(chosen, piece => Assert.InRange(piece.Tokens.Length, 2, 16));
        var found = chosen.Sum(piece => piece.Predictions);
        Assert.InRange(found, 60, 60 + 15);
        Assert.True(found < whole);
        Assert.Equal(chosen.Select(piece => string.Join(',', piece.Tokens)), ScoredPiece.Choose("text", examples, learnt.Encoder, 60, 16, 1).Select(piece => string.Join(',', piece.Tokens)));
        Assert.NotEqual(chosen.Select(piece => string.Join(',', piece.Tokens)), ScoredPiece.Choose("text", examples, learnt.Encoder, 60, 16, 2).Select(piece => string.Join(',', piece.Tokens)));
    }

    [Fact]
    public async Task A_report_has_all_parts()
    {
        var run = new RunOptions
        {
            Output = learnt.Folder,
            Corpora = "none",
            Sources = [new SourceOptions("synthetic", 1, 1500)],
            Schedule = new ScheduleOptions { RowLength = 128 },
            Samples = [new SampleOptions { Text = "It leaves", MostTokens = 5 }, new SampleOptions { Prompt = "A train to Lyon, please.", Tools = [.. LearntModel.Example.Conversation!.Tools.Select(tool => tool.Json)] }],
        };
        using var model = JudgedModel.Open(learnt.Release, new ModelOptions { Threads = 2 });
        using var other = JudgedModel.Open(learnt.RoundedRelease, new ModelOptions { Threads = 2 });
        var options = new JudgeOptions { Tokens = 200, Turns = 4, LeastTools = 3, MostTokens = 60, Parallel = 2 };
        var report = await new Judge(run, options).RunAsync(model, other, TestContext.Current.CancellationToken);

        Assert.Equal("synthetic", Assert.Single(report.Losses).Kind);
        var bound = Assert.Single(report.BoundCalls);
        Assert.InRange(bound.Turns, 1, 4);
        Assert.Equal(bound.Turns, bound.FitSchema);
        Assert.Equal(bound.Turns, report.Calls[0].Turns);
        Assert.All(report.BoundTurns, turn => Assert.StartsWith("synthetic:", turn.Key, StringComparison.Ordinal));
        Assert.True(report.LeftOut > 0);
        Assert.True(Assert.Single(report.Other!.Divergences).Divergence > 0);
        Assert.Equal(5, report.Samples[0].Tokens);
        Assert.Contains("find_train", Assert.Single(report.Samples[1].Calls), StringComparison.Ordinal);
        Assert.True(report.Model.AnswerTokensPerSecond > 0 && report.Model.ScoringTokensPerSecond > 0);

        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(bound.FitSchema, json.RootElement.GetProperty("boundCalls")[0].GetProperty("fitSchema").GetInt32());
        var text = JudgeMarkdown.Write(report);
        Assert.Contains($"| synthetic | {bound.Turns} | {bound.Turns} (100.0 %) |", text, StringComparison.Ordinal);
        Assert.Contains("→ find_train", text, StringComparison.Ordinal);
    }

    private IEnumerable<ScoredPiece> Pieces(string kind, Example example) => ScoredPiece.Choose(kind, [example], learnt.Encoder, int.MaxValue / 8, 1024, 1);
}
