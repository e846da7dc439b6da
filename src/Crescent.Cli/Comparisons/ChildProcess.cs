using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Crescent.Cli.Comparisons;

/// <summary>Programs that run to their end, or to ours.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a program and collects what it writes; when <paramref name="cancellation"/> asks for the end, the program and its children are ended too.</summary>
    /// <exception cref="CommandFailedException">It cannot be started.</exception>
    public static async Task<ChildOutput> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var process = Start(program, arguments);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return new ChildOutput(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = utf8,
            StandardErrorEncoding = utf8,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new CommandFailedException($"{program} cannot be started: {CommandLine.FirstLine(exception.Message)}");
        }
    }
}
