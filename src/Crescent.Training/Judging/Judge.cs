using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Templates;
using Crescent.Training.Data;
using Crescent.Training.Runs;

namespace Crescent.Training.Judging;

/// <summary>Judges a model by what its run held out.</summary>
/// <param name="run">The run's configuration: its sources say what was held out.</param>
/// <param name="report">Is told what is being done, how much of it is done, and how much there is.</param>
public sealed class Judge(RunOptions run, JudgeOptions options, Action<string, long, long>? report = null)
{
    private const int SpeedTokens = 128;
    private const int SpeedAnswers = 3;

    /// <param name="other">A model to compare with; null for none.</param>
    public async Task<JudgeReport> RunAsync(JudgedModel model, JudgedModel? other, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        var heldOut = HeldOut.Read(run, options.Seed);
        var context = Math.Min(options.Context > 0 ? options.Context : run.Schedule.RowLength, model.Context);
        var losses = TakeLosses(model, other, heldOut, context, cancellation);
        using var engine = model.CreateEngine(options.Parallel);
        var turns = heldOut.SelectMany(kind => kind.Examples.SelectMany(example => ToolTurn.Of(kind.Kind, example))).Where(turn => turn.Prompt.Tools.Count > 0).ToArray();
        var offered = turns.Where(turn => turn.Prompt.Tools.Count >= options.LeastTools).ToArray();
        var tools = new ToolJudge(engine, options);
        var (calls, texts) = (Choose(tools, offered.Where(turn => turn.IsCall)), Choose(tools, offered.Where(turn => !turn.IsCall)));
        var called = await AnswerAsync(tools, "calls", calls, false, cancellation).ConfigureAwait(false);
        var said = await AnswerAsync(tools, "texts", texts, false, cancellation).ConfigureAwait(false);
        var bound = await AnswerAsync(tools, "bound calls", calls, true, cancellation).ConfigureAwait(false);
        var samples = await SamplesAsync(engine, cancellation).ConfigureAwait(false);
        return new JudgeReport(
            await SpeedAsync(model, engine, cancellation).ConfigureAwait(false), options.Seed, context, options.LeastTools, losses.Losses, ToolTally.Of(called), ToolTally.Of(said), ToolTally.Of(bound), turns.Length - offered.Length,
            samples, await CompareAsync(other, losses, cancellation).ConfigureAwait(false), called, said, bound);
    }

    private LossJudge TakeLosses(JudgedModel model, JudgedModel? other, IReadOnlyList<(string Kind, IReadOnlyList<Example> Examples)> heldOut, int context, CancellationToken cancellation)
    {
        var encoder = new ExampleEncoder(model.Tokenizer, model.Template);
        ScoredPiece[] pieces = [.. heldOut.SelectMany(kind => ScoredPiece.Choose(kind.Kind, kind.Examples, encoder, options.Tokens, context, options.Seed))];
        var (judge, done, all) = (new LossJudge(model, other), 0L, pieces.Sum(piece => (long)piece.Tokens.Length));
        judge.Run(pieces, piece => report?.Invoke("losses", done += piece.Tokens.Length, all), cancellation);
        return judge;
    }

    private IReadOnlyList<ToolTurn> Choose(ToolJudge tools, IEnumerable<ToolTurn> turns) => ToolTurn.Choose(turns, options.Turns, options.Seed, tools.Fits);

    private Task<IReadOnlyList<JudgedTurn>> AnswerAsync(ToolJudge tools, string what, IReadOnlyList<ToolTurn> turns, bool isBound, CancellationToken cancellation)
    {
        var done = 0;
        return tools.RunAsync(turns, isBound, () => report?.Invoke(what, Interlocked.Increment(ref done), turns.Count), cancellation);
    }

    private async Task<IReadOnlyList<SampleAnswer>> SamplesAsync(ChatEngine engine, CancellationToken cancellation)
    {
        var samples = new List<SampleAnswer>();
        foreach (var sample in run.Samples)
        {
            samples.Add(await SampleAnswer.MakeAsync(engine, sample, options, cancellation).ConfigureAwait(false));
            report?.Invoke("samples", samples.Count, run.Samples.Length);
        }

        return samples;
    }

    private static async Task<ComparedModel?> CompareAsync(JudgedModel? other, LossJudge losses, CancellationToken cancellation)
    {
        if (other is null)
        {
            return null;
        }

        using var engine = other.CreateEngine(1);
        return new ComparedModel(await SpeedAsync(other, engine, cancellation).ConfigureAwait(false), losses.OtherLosses, losses.Divergences);
    }

    private static async Task<JudgedSpeed> SpeedAsync(JudgedModel model, ChatEngine engine, CancellationToken cancellation)
    {
        var (prompt, best) = (engine.Encode(new PromptRequest([new ChatMessage("user", "Tell me a story.")])), 0.0);
        for (var i = 0; i < SpeedAnswers; i++)
        {
            using var answer = engine.Submit(
                new ChatRequest { Prompt = prompt, Sampling = new SamplingOptions { Temperature = 0 }, MaxTokens = Math.Min(SpeedTokens, engine.Context - prompt.Length), IgnoreStopTokens = true }, cancellation);
            var end = (await CollectedAnswer.ReadAsync(answer, cancellation).ConfigureAwait(false))[0].End!;
            best = Math.Max(best, (end.Usage.Completion - 1) / end.Timings.Answer.TotalSeconds);
        }

        return new JudgedSpeed(NameOf(model.Path), model.Bytes, model.ScoringSpeed, best);
    }
    // Releases of all runs have one name: the run's tells them apart.
    private static string NameOf(string path)
    {
        var full = Path.GetFullPath(Path.TrimEndingDirectorySeparator(path));
        var name = Path.GetFileName(full);
        return name == TrainingRun.ReleaseName && Path.GetDirectoryName(full) is { } folder ? $"{Path.GetFileName(folder)}/{name}" : name;
    }
}
