using System.Text;
using Crescent.Cli;

namespace Crescent.Tests.Support;

/// <summary>The command line in this process, on writers instead of a terminal.</summary>
internal static class InProcess
{
    public static CliResult Run(params string[] args) => RunWith("", default, args);

    public static CliResult RunWith(string input, CancellationToken cancellation, params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal
        {
            In = new StringReader(input),
            Out = output,
            Error = error,
            OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
        };
        var code = CommandLine.RunAsync(args, terminal, cancellation).GetAwaiter().GetResult();
        return new CliResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs with something piped to standard input.</summary>
    public static CliResult Pipe(string input, params string[] args) => RunWith(input, default, args);
}
