using System.Globalization;
using System.Text.Json;

namespace Crescent.Cli.Comparisons;

/// <summary>
/// The <c>llama-bench</c> of llama.cpp or of a fork. It decodes random tokens and does not sample. llama.cpp's measures at a depth with <c>-d</c>; ik_llama.cpp's
/// has <c>-gp prompt,tokens</c> instead, which decodes behind a prompt.
/// </summary>
/// <param name="help">What it writes when asked for help: it tells which of the two it has.</param>
internal sealed class LlamaBenchEngine(string name, string program, string help, IReadOnlyList<string> extra) : BenchEngine(name, program, [], extra)
{
    private const int LogicalBatch = 2048; // llama-bench's own default

    private readonly bool _hasDepth = HasFlag(help, "-d, --n-depth");
    private readonly bool _decodesBehindPrompt = HasFlag(help, "-gp <pp,tg>");

    public override bool PrefillsAtDepth => _hasDepth;

    /// <summary>Whether a help text is that of a llama-bench.</summary>
    public static bool IsHelp(string help) => HasFlag(help, "-p, --n-prompt") && HasFlag(help, "-n, --n-gen") && help.Contains("json", StringComparison.Ordinal);

    /// <summary>The project's name, told by a flag that only the fork has.</summary>
    public static string ProjectOf(string help) => HasFlag(help, "-rtr, --run-time-repack") ? "ik_llama.cpp" : "llama.cpp";

    internal override IReadOnlyList<string> Arguments(EngineCase asked) =>
    [
        "-m", asked.Model, .. Tests(asked),
        "-t", Text(asked.Threads), "-b", Text(Math.Max(LogicalBatch, asked.Ubatch)), "-ub", Text(asked.Ubatch), "-r", Text(asked.Repeats), "-o", "json",
    ];

    internal override EngineFigures Parse(string output, EngineCase asked)
    {
        using var document = ParseReport(output);
        var (prefill, decode) = (new List<double[]>(), new List<double[]>());
        string? version = null;
        foreach (var test in document.RootElement.EnumerateArray())
        {
            version ??= $"commit {Field(test, "build_commit")}, build {Field(test, "build_number")}";
            (Field(test, "n_gen").GetInt32() > 0 ? decode : prefill).Add([.. Field(test, "samples_ts").EnumerateArray().Select(sample => sample.GetDouble())]);
        }

        return new EngineFigures(Single("prefill", prefill), Single("decode", decode), version);
    }

    private string[] Tests(EngineCase asked)
    {
        if (asked.Depth == 0 || _hasDepth)
        {
            string[] depth = asked.Depth > 0 ? ["-d", Text(asked.Depth)] : [];
            return ["-p", Text(asked.PromptTokens), "-n", Text(asked.DecodeTokens), .. depth];
        }

        return _decodesBehindPrompt && asked.PromptTokens == 0
            ? ["-p", "0", "-n", "0", "-gp", $"{Text(asked.Depth)},{Text(asked.DecodeTokens)}"]
            : throw new CommandFailedException($"--depth: {Name} has neither -d nor -gp, and measures without depth only");
    }

    // Some builds mix lines of their log into standard output: the report's own lines begin with a bracket, a brace, a comma or a quote.
    private static JsonDocument ParseReport(string output)
    {
        var lines = output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && "[]{},\"".Contains(line[0], StringComparison.Ordinal));
        try
        {
            var document = JsonDocument.Parse(string.Join('\n', lines));
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? document
                : throw new FormatException("expected a JSON array of tests, found something else");
        }
        catch (JsonException exception)
        {
            throw new FormatException($"expected a JSON array of tests: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    private static JsonElement Field(JsonElement test, string name) =>
        test.ValueKind == JsonValueKind.Object && test.TryGetProperty(name, out var value)
            ? value
            : throw new FormatException($"expected a field '{name}' in its report, found none");

    private static double[] Single(string test, List<double[]> found) => found.Count switch
    {
        0 => [],
        1 => found[0],
        _ => throw new FormatException($"expected one {test} test in its report, found {found.Count}: --peer-args repeats a flag that is set already"),
    };

    private static bool HasFlag(string help, string flag) =>
        help.Split('\n').Any(line => line.TrimStart().StartsWith(flag, StringComparison.Ordinal));

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
