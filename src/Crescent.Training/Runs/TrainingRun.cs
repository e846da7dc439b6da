using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Crescent.Kernels.Processors;
using Crescent.Kernels.Threading;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;
using Crescent.Training.Data;
using Crescent.Training.Layers;
using Crescent.Training.Models;
using Crescent.Training.Optimizers;
using Crescent.Training.Releases;

namespace Crescent.Training.Runs;

/// <summary>A run from its configuration to its release: data, steps, log, states. A run that goes on from a state has the losses of one that was never interrupted.</summary>
public sealed class TrainingRun : IDisposable
{
    public const string LogName = "log.jsonl";
    public const string ReleaseName = "release";

    private readonly RunOptions _options;
    private readonly DataSet _data;
    private readonly BatchMaker _batches;
    private readonly ControlTokens _control;
    private readonly string _tokenizerFolder;
    private readonly ComputePool _pool;
    private readonly MuonClip _optimizer;
    private readonly LearningRate _rate;
    private long _tokens;

    /// <param name="report">Is told what is being made ready.</param>
    public TrainingRun(RunOptions options, bool resume, Action<string>? report = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        if (resume && !File.Exists(Path.Combine(options.Output, RunState.FileName)))
        {
            throw new FileNotFoundException($"{options.Output}: expected {RunState.FileName} to go on from, found none; begin the run without --resume");
        }

        Directory.CreateDirectory(options.Output);
        var corpora = options.FindCorpora();
        _tokenizerFolder = options.Tokenizer.Folder ?? TokenizerTraining.Ensure(options, corpora, resume, report);
        var tokenizer = TokenizerFactory.FromPath(_tokenizerFolder, "kimi-k2");
        _control = ControlTokens.Of(tokenizer);
        _data = DataSet.Read(corpora, options.Sources, tokenizer, TemplateFactory.Create("kimi-k2"), options.Schedule.RowLength, options.Seed, report);
        _batches = new BatchMaker(_data.Sources.Select(source => (source.Trained, source.Source.Weight)), options.Seed);
        _pool = new ComputePool(ProcessorLayout.ThreadsOrDefault(options.Threads));
        Model = new TrainingModel(options.Model.Shape(tokenizer.VocabularySize), options.Schedule.Rows * options.Schedule.RowLength, _pool);
        _optimizer = new MuonClip(Model, options.Optimizer);
        _rate = options.Schedule.Rate;
        if (resume)
        {
            Resume();
        }
        else
        {
            Begin();
            File.Delete(Path.Combine(options.Output, LogName));
        }
    }

    public TrainingModel Model { get; }

    /// <summary>Steps done.</summary>
    public int Step => _optimizer.Steps;

    public bool IsDone => Step >= _options.Schedule.Steps;

    /// <summary>Runs to the end, and writes the release there.</summary>
    /// <param name="visit">Is told of each step.</param>
    public void Run(Action<StepLog>? visit, CancellationToken cancellation)
    {
        while (!IsDone)
        {
            cancellation.ThrowIfCancellationRequested();
            var log = Advance();
            visit?.Invoke(log);
        }

        Release();
    }

    /// <summary>One step, with its line in the log, and evaluation and state where they are due.</summary>
    public StepLog Advance()
    {
        var schedule = _options.Schedule;
        if (Step >= schedule.Int4From && !Model.IsRounded)
        {
            Model.RoundWeights();
        }

        var start = Stopwatch.GetTimestamp();
        var log = RunStep(start);
        Append(log, RunJson.Default.StepLog);
        if (schedule.EvaluateEvery > 0 && (Step % schedule.EvaluateEvery == 0 || IsDone))
        {
            Append(new EvaluationLog(Step, HeldOutLosses()), RunJson.Default.EvaluationLog);
        }

        if (Step % schedule.StateEvery == 0 || IsDone)
        {
            SaveState();
        }

        return log;
    }

    public void SaveState() => RunState.Write(_options.Output, Model, _optimizer, new RunProgress(Step, _tokens, _options.Seed, _batches.Position));

    /// <summary>Writes the model as a published folder.</summary>
    public string Release()
    {
        var folder = Path.Combine(_options.Output, ReleaseName);
        ReleaseWriter.Write(Model, folder, _control, _tokenizerFolder, _options.Name);
        return folder;
    }

    /// <summary>Mean loss on held-out rows, by source.</summary>
    public Dictionary<string, double> HeldOutLosses()
    {
        var losses = new Dictionary<string, double>(StringComparer.Ordinal);
        var schedule = _options.Schedule;
        foreach (var (source, _, heldOut) in _data.Sources.Where(source => source.HeldOut.Documents > 0))
        {
            var batches = new BatchMaker([(heldOut, 1.0)], 0);
            var (sum, targets) = (0.0, 0L);
            for (var row = 0; row < schedule.EvaluationRows; row += schedule.Rows)
            {
                var batch = batches.Next(Math.Min(schedule.Rows, schedule.EvaluationRows - row), schedule.RowLength);
                sum += Model.Loss(batch);
                targets += batch.TargetCount;
            }

            losses[source.Name] = sum / Math.Max(1, targets);
        }

        return losses;
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        Model.Dispose();
        _pool.Dispose();
    }

    private StepLog RunStep(long start)
    {
        var schedule = _options.Schedule;
        TrainingBatch[] batches = [.. Enumerable.Range(0, schedule.Accumulate).Select(_ => _batches.Next(schedule.Rows, schedule.RowLength))];
        var targets = batches.Sum(batch => batch.TargetCount);
        var (tokens, operations) = (batches.Sum(batch => batch.Count), 0.0);
        var (loss, balance) = (0.0, 0.0);
        Model.ClearGradients();
        foreach (var batch in batches)
        {
            loss += Model.LossAndGradient(batch, 1f / Math.Max(1, targets), schedule.Balance / (schedule.Rows * schedule.Accumulate));
            balance += Model.BalanceLoss / batches.Length;
            operations += batch.Segments.Sum(segment => segment.Length * Model.Shape.TokenOperations(segment.Length));
        }

        var rate = _rate.At(Step);
        float[][] logits = [.. Model.Layers.Select(layer => layer.LargestLogits.ToArray())];
        float[][] load = [.. Model.Layers.Select(layer => layer.Load).OfType<long[]>().Select(layer => layer.Select(count => count * (float)layer.Length / layer.Sum()).ToArray())];
        var isInt4 = Model.IsRounded;
        var report = _optimizer.Step(rate);
        _tokens += tokens;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new StepLog(
            Step, _tokens, loss / Math.Max(1, targets), balance, rate, report.GradientNorm, report.ClippedHeads, isInt4, tokens / seconds, operations / seconds, logits, load);
    }

    private void Begin()
    {
        if (_options.From is { } earlier)
        {
            RunState.ReadWeights(earlier, Model);
        }
        else
        {
            Model.Initialize(_options.Seed, _options.Model.Deviation);
        }
    }

    private void Resume()
    {
        var progress = RunState.Read(_options.Output, Model, _optimizer);
        if (progress.Seed != _options.Seed)
        {
            throw new InvalidDataException($"{_options.Output}: expected a state of seed {_options.Seed}, found one of {progress.Seed}");
        }

        _tokens = progress.Tokens;
        _batches.Position = progress.Data;
        TrimLog(progress.Step);
    }

    // Lines of steps that will be done again go.
    private void TrimLog(int step)
    {
        var path = Path.Combine(_options.Output, LogName);
        if (File.Exists(path))
        {
            File.WriteAllLines(path, [.. File.ReadLines(path).TakeWhile(line => StepOf(line) is { } of && of <= step)]);
        }
    }

    // Null of a line that the killed process left unfinished.
    private static int? StepOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("step").GetInt32();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Append<T>(T line, JsonTypeInfo<T> type) =>
        File.AppendAllText(Path.Combine(_options.Output, LogName), JsonSerializer.Serialize(line, type) + "\n");
}
