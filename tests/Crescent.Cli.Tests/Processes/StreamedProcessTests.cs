using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Processes;

/// <summary>A process whose experts are read from the drive, when that goes wrong, and when it starts again.</summary>
public sealed class StreamedProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public StreamedProcessTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "truncates files in use, and sets variables with env");
        _model = _folder["model.gguf"];
        InProcess.Run("synth", "tiny-kimi-k2", _model, "--type", "Q4_0", "--layers", "3").Succeeded();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_is_truncated_in_mid_answer_ends_it_with_a_line()
    {
        using var process = CliProcess.Start("run", _model, "--raw", "-p", "Once", "--ignore-eos", "-c", "1000000", "--expert-slots", "1", "--cold", "--quiet");
        process.Out.Read(new char[1]);
        using (var stream = new FileStream(_model, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(65536);
        }

        var result = process.Finish();
        Assert.Equal(1, result.ExitCode);
        var line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("crescent: ", line, StringComparison.Ordinal);
        Assert.Contains(_model, line, StringComparison.Ordinal);
        Assert.Contains("at byte ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_starts_with_the_experts_of_the_one_before()
    {
        string[] args = ["run", _model, "--raw", "-p", "Once", "-n", "8", "--temp", "0", "--ignore-eos", "--json", "--expert-slots", "4"];
        var first = Run(args);
        var file = Assert.Single(Directory.GetFiles(Path.Combine(_folder["home"], "experts")));
        var content = File.ReadAllText(file);
        Assert.Equal(4, content.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length); // two lines of header, two layers with experts
        var second = Run(args);
        Assert.Equal(JsonAssert.Ints(first.Json.GetProperty("ids")), JsonAssert.Ints(second.Json.GetProperty("ids")));

        File.WriteAllText(file, "nonsense");
        var third = Run([.. args, "--cold"]);
        Assert.Equal(JsonAssert.Ints(first.Json.GetProperty("ids")), JsonAssert.Ints(third.Json.GetProperty("ids")));
        Assert.Equal("nonsense", File.ReadAllText(file));
    }

    private CliResult Run(string[] args)
    {
        using var process = CliProcess.StartProgram("env", [$"CRESCENT_HOME={_folder["home"]}", "dotnet", CliProcess.Assembly, .. args]);
        return process.Finish().Succeeded();
    }
}
