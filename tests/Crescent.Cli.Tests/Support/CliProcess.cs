using System.Diagnostics;
using System.Text;
using Xunit;

namespace Crescent.Tests.Support;

/// <summary>The built executable as a process of its own.</summary>
internal sealed class CliProcess : IDisposable
{
    // Generous: a machine may be busy. Only a hang takes this long.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly Process _process;

    private CliProcess(ProcessStartInfo start) => _process = Process.Start(start)!;

    public static string Assembly => Path.Combine(AppContext.BaseDirectory, "crescent.dll");

    public bool HasExited => _process.HasExited;

    public StreamReader Out => _process.StandardOutput;

    public StreamReader Error => _process.StandardError;

    public Stream Input => _process.StandardInput.BaseStream;

    public static CliProcess Start(params string[] args) => StartProgram("dotnet", [Assembly, .. args]);

    public static CliProcess StartProgram(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
            WorkingDirectory = Path.GetTempPath(),
        };
        return new CliProcess(start);
    }

    /// <summary>Runs to the end with <paramref name="input"/> on standard input.</summary>
    public static CliResult Run(byte[] input, params string[] args)
    {
        using var process = Start(args);
        process.Input.Write(input);
        return process.Finish();
    }

    public CliResult Finish()
    {
        _process.StandardInput.Close();
        var output = Out.ReadToEndAsync();
        var error = Error.ReadToEndAsync();
        WaitForExit();
        return new CliResult(_process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    public int WaitForExit()
    {
        Assert.True(_process.WaitForExit(s_limit), $"expected the process to end within {s_limit}");
        return _process.ExitCode;
    }

    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString()]);
        kill.WaitForExit();
    }

    /// <summary>Ends it without a chance to do anything about it.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
