namespace Crescent.Cli.Comparisons;

/// <summary>A program that measures an engine on a model.</summary>
/// <param name="name">As reports call it.</param>
/// <param name="program">The executable.</param>
/// <param name="leading">Arguments before all others.</param>
/// <param name="extra">Arguments that the user adds.</param>
internal abstract class BenchEngine(string name, string program, IReadOnlyList<string> leading, IReadOnlyList<string> extra)
{
    public string Name { get; } = name;

    /// <summary>What the program says of its version; null where it says nothing.</summary>
    public string? Version { get; init; }

    /// <summary>Whether it can measure a prompt's speed behind tokens that are in the cache.</summary>
    public abstract bool PrefillsAtDepth { get; }

    /// <summary>Runs it once.</summary>
    /// <exception cref="CommandFailedException">It failed, or reported something else than what was asked for.</exception>
    public async Task<EngineFigures> RunAsync(EngineCase asked, CancellationToken cancellation)
    {
        var output = await ChildProcess.RunAsync(program, [.. leading, .. Arguments(asked), .. extra], cancellation);
        if (output.ExitCode != 0)
        {
            throw new CommandFailedException(output.Failure(Name));
        }

        try
        {
            var figures = Parse(output.Out, asked);
            Require("prefill", asked.PromptTokens > 0, figures.Prefill);
            Require("decode", asked.DecodeTokens > 0, figures.Decode);
            return figures;
        }
        catch (FormatException exception)
        {
            throw new CommandFailedException($"{Name}: {exception.Message}");
        }
    }

    /// <summary>The command as a report shows it, without places of files.</summary>
    public string Command(EngineCase asked)
    {
        var words = leading.Append(program).Where(word => Path.GetFileNameWithoutExtension(word) != "dotnet").Take(1).Concat(Arguments(asked)).Concat(extra);
        return string.Join(' ', words.Select(word => Path.IsPathRooted(word) || File.Exists(word) ? Path.GetFileName(word) : word));
    }

    /// <summary>The arguments that ask for one run.</summary>
    internal abstract IReadOnlyList<string> Arguments(EngineCase asked);

    /// <summary>What a run wrote to standard output.</summary>
    /// <exception cref="FormatException">It is not what was expected.</exception>
    internal abstract EngineFigures Parse(string output, EngineCase asked);

    private static void Require(string test, bool expected, IReadOnlyList<double> found)
    {
        if (expected != (found.Count > 0))
        {
            throw new FormatException($"expected {(expected ? "a" : "no")} {test} test in its report, found {(expected ? "none" : "one")}");
        }

        if (found.Any(value => !(value > 0 && double.IsFinite(value))))
        {
            throw new FormatException($"expected {test} speeds above 0, found {string.Join(", ", found)}");
        }
    }
}
