using System.Text.Json;

namespace Crescent.Training.Runs;

/// <summary>What a run wrote to its log.</summary>
public sealed record RunLog(IReadOnlyList<StepLog> Steps, IReadOnlyList<EvaluationLog> Evaluations)
{
    /// <summary>Reads a log; a last line that is not yet whole is left out.</summary>
    /// <exception cref="InvalidDataException">A line is none of a log.</exception>
    public static RunLog Read(string path)
    {
        var (steps, evaluations, number) = (new List<StepLog>(), new List<EvaluationLog>(), 0);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            number++;
            try
            {
                Add(line, steps, evaluations);
            }
            catch (JsonException) when (reader.EndOfStream)
            {
            }
            catch (JsonException exception)
            {
                throw new InvalidDataException($"{path}, line {number}: expected a line of a training log: {exception.Message}", exception);
            }
        }

        return new RunLog(steps, evaluations);
    }

    private static void Add(string line, List<StepLog> steps, List<EvaluationLog> evaluations)
    {
        if (line.Contains("\"heldOutLoss\"", StringComparison.Ordinal))
        {
            evaluations.Add(JsonSerializer.Deserialize(line, RunJson.Default.EvaluationLog)!);
        }
        else
        {
            steps.Add(JsonSerializer.Deserialize(line, RunJson.Default.StepLog)!);
        }
    }
}
