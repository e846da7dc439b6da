namespace Crescent.Cli.Comparisons;

/// <summary>Finds out what the programs are that shall be compared.</summary>
internal static class Engines
{
    /// <summary>This program, or another build of it.</summary>
    /// <param name="path">An executable or <c>crescent.dll</c>; null for this one.</param>
    public static async Task<BenchEngine> OpenOursAsync(string? path, IReadOnlyList<string> extra, CancellationToken cancellation)
    {
        if (path is null)
        {
            var (program, leading) = Own();
            return new CrescentEngine("Crescent", program, leading, extra) { Version = Machine.Version };
        }

        return await OpenCrescentAsync("--ours", path, "Crescent", extra, cancellation)
            ?? throw new CommandFailedException($"--ours: expected a build of crescent, found something else: {path}");
    }

    /// <summary>A <c>llama-bench</c>, or another build of Crescent.</summary>
    /// <param name="name">As the report calls it; null for the project's name.</param>
    public static async Task<BenchEngine> OpenPeerAsync(string path, string? name, IReadOnlyList<string> extra, CancellationToken cancellation)
    {
        RequireFile("--peer", path);
        if (await OpenCrescentAsync("--peer", path, name ?? "Crescent (peer)", extra, cancellation) is { } crescent)
        {
            return crescent;
        }

        var program = Path.GetFullPath(path);
        var asked = await ChildProcess.RunAsync(program, ["--help"], cancellation);
        var help = asked.Out + asked.Error;
        if (!LlamaBenchEngine.IsHelp(help))
        {
            throw new CommandFailedException($"--peer: expected a llama-bench with -p, -n and JSON output, or a build of crescent, found something else: {path} (its --help ends with exit code {asked.ExitCode})");
        }

        var version = await ChildProcess.RunAsync(program, ["--version"], cancellation);
        return new LlamaBenchEngine(name ?? LlamaBenchEngine.ProjectOf(help), program, help, extra)
        {
            Version = version.ExitCode == 0 ? FirstLine(version.Out + version.Error) : null,
        };
    }

    private static async Task<BenchEngine?> OpenCrescentAsync(string option, string path, string name, IReadOnlyList<string> extra, CancellationToken cancellation)
    {
        RequireFile(option, path);
        var full = Path.GetFullPath(path);
        if (Path.GetFileNameWithoutExtension(full) != "crescent")
        {
            return null;
        }

        var isAssembly = Path.GetExtension(full) == ".dll";
        var (program, leading) = isAssembly ? (Dotnet, (string[])[full]) : (full, []);
        var version = await ChildProcess.RunAsync(program, [.. leading, "--version"], cancellation);
        return version.ExitCode == 0
            ? new CrescentEngine(name, program, leading, extra) { Version = FirstLine(version.Out) }
            : throw new CommandFailedException($"{option}: {version.Failure(name)}");
    }

    private static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    // A published command line is one executable; a build is an assembly beside others.
    private static (string Program, string[] Leading) Own() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "crescent"
            ? (path, [])
            : (Dotnet, [Path.Combine(AppContext.BaseDirectory, "crescent.dll")]);

    private static string? FirstLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();

    private static void RequireFile(string option, string path)
    {
        if (!File.Exists(path))
        {
            throw new CommandFailedException($"{option}: no such file: {path}");
        }
    }
}
