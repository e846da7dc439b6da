using System.Text;
using Crescent.Cli;

namespace Crescent.Tests.Support;

/// <summary>The command line in this process, on writers instead of a terminal.</summary>
internal static class InProcess
{
    public static CliResult Run(params string[] args) => RunWith("", default, args);

    public static CliResult RunWith(string input, CancellationToken cancellation, params string[] args)
    {
        using var error = new StringWriter { NewLine = "\n" };
        return RunOn(error, isInteractive: false, input, args, cancellation);
    }

    /// <summary>Runs as if a person watched, and calls <paramref name="onProgress"/> with every piece of a progress line.</summary>
    public static CliResult Watch(Action<string> onProgress, CancellationToken cancellation, params string[] args)
    {
        using var error = new WatchedWriter(onProgress) { NewLine = "\n" };
        return RunOn(error, isInteractive: true, "", args, cancellation);
    }

    /// <summary>Runs with something piped to standard input.</summary>
    public static CliResult Pipe(string input, params string[] args) => RunWith(input, default, args);

    /// <summary>Runs as a program that brings a model along, on Wednesday, 25 November 2026.</summary>
    /// <param name="isTyped">Whether the input comes from a keyboard.</param>
    public static CliResult RunWithBuiltIn(BuiltInModel builtIn, string input, string[] args, bool isTyped = false)
    {
        using var error = new StringWriter { NewLine = "\n" };
        return RunOn(error, isInteractive: false, input, args, default, builtIn, isTyped);
    }

    private static CliResult RunOn(
        StringWriter error, bool isInteractive, string input, string[] args, CancellationToken cancellation, BuiltInModel? builtIn = null, bool isTyped = false)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal
        {
            In = new StringReader(input),
            Out = output,
            Error = error,
            OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
            IsInteractive = isInteractive,
            InputIsTerminal = isTyped,
            FindBuiltIn = () => builtIn,
            Time = builtIn is null ? TimeProvider.System : new FixedTime(new DateTimeOffset(2026, 11, 25, 23, 59, 0, TimeSpan.Zero)),
        };
        var code = CommandLine.RunAsync(args, terminal, cancellation).GetAwaiter().GetResult();
        return new CliResult(code, output.ToString(), error.ToString());
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed class WatchedWriter(Action<string> onProgress) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.StartsWith('\r') == true)
            {
                onProgress(value);
            }
        }
    }
}
