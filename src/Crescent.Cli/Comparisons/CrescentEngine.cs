using System.Globalization;
using System.Text.Json;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Json;

namespace Crescent.Cli.Comparisons;

/// <summary><c>crescent bench</c>, of this build or another.</summary>
internal sealed class CrescentEngine(string name, string program, IReadOnlyList<string> leading, IReadOnlyList<string> extra)
    : BenchEngine(name, program, leading, extra)
{
    public override bool PrefillsAtDepth => true;

    internal override IReadOnlyList<string> Arguments(EngineCase asked) =>
    [
        "bench", asked.Model, "-p", Text(asked.PromptTokens), "-n", Text(asked.DecodeTokens), "-d", Text(asked.Depth),
        "-t", Text(asked.Threads), "-ub", Text(asked.Ubatch), "-r", Text(asked.Repeats), "--json",
    ];

    internal override EngineFigures Parse(string output, EngineCase asked)
    {
        if (Read(output) is not { Tests: { } tests, Model: { } model } || tests.Any(test => test is not { Samples: not null }))
        {
            throw new FormatException("expected the report of crescent bench, with its tests and their samples, found another document");
        }

        var byName = tests.ToLookup(test => test.Test);
        return new EngineFigures(
            [.. byName[BenchTest.Prefill].SelectMany(test => test.Samples)],
            [.. byName[BenchTest.Decode].SelectMany(test => test.Samples)],
            null,
            byName[BenchTest.Decode].FirstOrDefault()?.WeightBytesPerToken,
            model);
    }

    private static BenchJson? Read(string output)
    {
        try
        {
            return JsonSerializer.Deserialize(output, CliJson.Default.BenchJson);
        }
        catch (JsonException exception)
        {
            throw new FormatException($"expected the report of crescent bench: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
