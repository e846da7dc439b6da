using System.Globalization;
using Crescent.Training.Runs;

namespace Crescent.Cli;

/// <summary>How a training run is going, in a few lines of a terminal that each step rewrites.</summary>
/// <param name="steps">Steps of the run.</param>
internal sealed class TrainingView(Terminal terminal, int steps) : IDisposable
{
    private const int BarWidth = 24;
    private const int MostLosses = 60; // in the sparkline
    private const int RecentSteps = 20; // whose speed tells the time left

    private readonly Queue<double> _losses = new();
    private readonly Queue<double> _seconds = new();
    private long _tokens;
    private int _lines;

    public void Show(StepLog step)
    {
        Push(_losses, step.Loss, MostLosses);
        if (_tokens > 0)
        {
            Push(_seconds, (step.Tokens - _tokens) / step.TokensPerSecond, RecentSteps);
        }

        _tokens = step.Tokens;
        var lines = Lines(step).Select(line => $"{line[..Math.Min(line.Length, terminal.Width - 1)]}\e[K").ToArray();
        terminal.Error.Write($"\r{(_lines > 1 ? $"\e[{_lines - 1}A" : "")}{string.Join('\n', lines)}");
        _lines = lines.Length;
    }

    /// <summary>Leaves the last lines standing.</summary>
    public void Dispose()
    {
        if (_lines > 0)
        {
            terminal.Error.WriteLine();
            _lines = 0;
        }
    }

    private IEnumerable<string> Lines(StepLog step)
    {
        var done = (double)step.Step / steps;
        var full = (int)(done * BarWidth);
        yield return Invariant($"step {step.Step}/{steps}  {new string('█', full)}{new string('░', BarWidth - full)} {100 * done:F1} %  {step.Tokens / 1e6:F2} M tokens{Left(step)}");
        yield return Invariant($"loss {step.Loss:F4}  {Sparkline.Draw([.. _losses.TakeLast(Math.Max(1, Math.Min(MostLosses, terminal.Width - 15)))])}");
        yield return Invariant($"gradient {step.GradientNorm:F2}  rate {step.Rate:g3}  largest logit {step.LargestLogits.Max(layer => layer.Max()):F1}{(step.ClippedHeads > 0 ? $", {step.ClippedHeads} heads clipped" : "")}");
        if (step.ExpertLoad.Length > 0)
        {
            yield return Invariant($"experts {step.ExpertLoad.Min(layer => layer.Min()):F2} to {step.ExpertLoad.Max(layer => layer.Max()):F2} of an even share{(step.Int4 ? ", in INT4" : "")}");
        }

        yield return Invariant($"{step.TokensPerSecond:F0} tokens/s  {step.OperationsPerSecond / 1e9:F0} GFLOP/s");
    }

    // Of what it takes beside steps, evaluations and states, nothing is known.
    private string Left(StepLog step) => _seconds.Count == 0 ? "" : Invariant($"  {Clock((steps - step.Step) * _seconds.Average())} left");

    private static string Clock(double seconds) => Invariant($"{(int)(seconds / 3600)}:{(int)(seconds / 60) % 60:00}:{(int)seconds % 60:00}");

    private static void Push(Queue<double> values, double value, int most)
    {
        values.Enqueue(value);
        if (values.Count > most)
        {
            values.Dequeue();
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
