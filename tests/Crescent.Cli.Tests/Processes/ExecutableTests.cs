using System.Diagnostics;
using System.Text;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Processes;

/// <summary>What only a process of its own can show: exit codes, bytes on the streams, signals, closed pipes.</summary>
public sealed class ExecutableTests
{
    [Fact]
    public void Exit_codes_reach_the_shell()
    {
        Assert.Equal(0, CliProcess.Run([], "--version").ExitCode);
        CliProcess.Run([], "inspect", "/nonexistent.gguf").Failed(1, "no such file");
        CliProcess.Run([], "run", "--bogus").Failed(2, "--bogus");
    }

    [Fact]
    public void Text_is_utf8_on_its_way_in_and_out()
    {
        var model = SharedData.Path("kimi-k2");
        var result = CliProcess.Run([], "tokenize", model, "--text", "héllo 日本語");
        Assert.Contains("é", result.Succeeded().Out, StringComparison.Ordinal);
        Assert.Contains("日本", result.Out, StringComparison.Ordinal);
        Assert.False(result.Out.StartsWith('\uFEFF'));
    }

    [Fact]
    public void Standard_input_is_the_prompt()
    {
        var result = CliProcess.Run("Once upon a time"u8.ToArray(), "run", Models.Stories, "--raw", "-n", "8", "--temp", "0").Succeeded();
        Assert.Equal(", there was a little girl" + Environment.NewLine, result.Out);
    }

    [Fact]
    public void An_interrupt_ends_an_answer_cleanly_and_says_how_to_repeat_it()
    {
        RequireLinux();
        using var process = CliProcess.Start("run", Models.Stories, "--raw", "-p", "Once", "--ignore-eos", "-c", "1000000000", "--seed", "77");
        process.Out.Read(new char[1]);
        process.Interrupt();
        var result = process.Finish();
        Assert.Equal(130, result.ExitCode);
        Assert.EndsWith("\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("--seed 77", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupt_ends_a_conversation_that_waits_for_its_user()
    {
        RequireLinux();
        using var process = CliProcess.Start("chat", Models.Stories);
        process.Error.ReadLine(); // the greeting: the loop has begun
        process.Interrupt();
        Assert.Equal(130, process.WaitForExit());
        Assert.Contains("/save", process.Error.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupt_ends_a_wait_for_the_prompt()
    {
        RequireLinux();
        using var process = CliProcess.Start("run", Models.Stories, "-c", "1000", "--raw");
        process.Error.ReadLine(); // the warning about the context: the model is loaded
        process.Interrupt();
        Assert.Equal(130, process.WaitForExit());
        Assert.Contains("interrupted", process.Error.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_interrupt_ends_it_at_once()
    {
        RequireLinux();
        using var folder = new TemporaryFolder();
        using (var make = Process.Start("mkfifo", [folder["pipe"]]))
        {
            make.WaitForExit();
        }

        // Reading a file cannot be interrupted: the process waits for bytes that never come.
        using var process = CliProcess.Start("tokenize", Models.Stories, "--file", folder["pipe"]);
        using var writer = new FileStream(folder["pipe"], FileMode.Open, FileAccess.Write); // opens once the other end does
        process.Interrupt();
        Assert.Equal("", process.Error.ReadLine());
        process.Interrupt();
        Assert.Equal(130, process.WaitForExit());
    }

    [Fact]
    public void A_reader_that_leaves_causes_no_stack_trace()
    {
        RequireLinux();
        using var process = CliProcess.StartProgram(
            "sh", "-c", $"dotnet '{CliProcess.Assembly}' run '{Models.Stories}' --raw -p Once -n 300 -c 512 --ignore-eos | head -c 1");
        var result = process.Finish();
        Assert.Equal(1, Encoding.UTF8.GetByteCount(result.Out));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_drive_is_one_line()
    {
        RequireLinux();
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        using var process = CliProcess.StartProgram("sh", "-c", $"dotnet '{CliProcess.Assembly}' run '{Models.Stories}' --raw -p Once -n 8 --quiet > /dev/full");
        process.Finish().Failed(1, "No space left on device");
    }

    private static void RequireLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "signals and devices of Linux");
}
