using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class TrainCommandTests
{
    [Fact]
    public void A_killed_run_goes_on_with_the_losses_of_one_that_was_not_and_its_release_runs()
    {
        using var folder = new TemporaryFolder();
        var whole = InProcess.Run("train", folder.Write("whole.json", Config(folder["whole"])), "--json").Json;
        Assert.Equal(24, whole.GetProperty("steps").GetInt32());

        var config = folder.Write("cut.json", Config(folder["cut"]));
        using (var process = CliProcess.Start("train", config, "--quiet"))
        {
            while (Lines(folder["cut"]).Length < 8 && !process.HasExited)
            {
                Thread.Sleep(5);
            }

            Assert.False(process.HasExited, "expected the run to be longer than this test's patience");
            process.Kill();
        }

        var resumed = InProcess.Run("train", config, "--resume", "--json").Json;
        Assert.Equal(whole.GetProperty("loss").GetDouble(), resumed.GetProperty("loss").GetDouble());
        Assert.Equal(Losses(folder["whole"]), Losses(folder["cut"]));
        Assert.Equal(24, Losses(folder["cut"]).Length);

        var answer = InProcess.Run("run", Path.Combine(folder["cut"], "release"), "-p", "What is 2 + 2?", "-n", "3", "--ignore-eos", "--temp", "0", "--json").Json;
        Assert.Equal(3, answer.GetProperty("generatedTokens").GetInt32());
    }

    [Fact]
    public void Wrong_configurations_are_named()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("train", folder["none.json"]).Failed(1, "none.json");
        InProcess.Run("train", folder.Write("a.json", "{\"output\":\"x\",\"sources\":[],\"model\":{\"hiden\":4}}")).Failed(1, "hiden");
        var config = folder.Write("b.json", Config(folder["b"]).Replace("synthetic", "novels", StringComparison.Ordinal));
        InProcess.Run("train", config).Failed(1, "unknown corpus 'novels'");
        InProcess.Run("train", folder.Write("c.json", Config(folder["c"])), "--resume").Failed(1, "state.safetensors");
    }

    [Fact]
    public void Who_watches_sees_the_run_in_place_and_who_does_not_a_line_a_step()
    {
        using var folder = new TemporaryFolder();
        var config = folder.Write("a.json", Config(folder["a"]).Replace("\"steps\": 24", "\"steps\": 3", StringComparison.Ordinal));
        var frames = new List<string>();
        InProcess.Watch(frames.Add, TestContext.Current.CancellationToken, "train", config).Succeeded();
        Assert.Equal(3, frames.Count);
        Assert.StartsWith("\rstep 1/3  ", frames[0], StringComparison.Ordinal);
        Assert.StartsWith("\r\e[4Astep 3/3  ████████████████████████ 100.0 %  ", frames[2], StringComparison.Ordinal);
        var lines = InProcess.Run("train", config).Succeeded().Error.Split('\n').Where(line => line.StartsWith("step ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("step 3/3: loss ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_release_is_judged_by_what_its_run_held_out()
    {
        using var folder = new TemporaryFolder();
        var config = folder.Write("a.json", Config(folder["a"]).Replace("\"steps\": 24", "\"steps\": 2", StringComparison.Ordinal).Replace("\"most\": 200", "\"most\": 2000", StringComparison.Ordinal)
            .Replace("\"contextLength\": 256", "\"contextLength\": 2048", StringComparison.Ordinal).Replace("\"schedule\"", "\"samples\": [{ \"text\": \"One\", \"mostTokens\": 3 }], \"schedule\"", StringComparison.Ordinal));
        InProcess.Run("train", config, "--quiet").Succeeded();
        var release = Path.Combine(folder["a"], "release");
        var files = InProcess.Run("judge", config, release, "--against", release, "--turns", "2", "--least-tools", "2", "--tokens", "100", "-t", "1", "--json").Json;
        var report = JsonDocument.Parse(File.ReadAllText(files.GetProperty("figures").GetString()!)).RootElement;
        Assert.Equal(2, report.GetProperty("boundCalls")[0].GetProperty("fitSchema").GetInt32());
        Assert.Equal(0, report.GetProperty("other").GetProperty("divergences")[0].GetProperty("divergence").GetDouble());
        Assert.Equal(report.GetProperty("losses")[0].GetProperty("loss").GetDouble(), report.GetProperty("other").GetProperty("losses")[0].GetProperty("loss").GetDouble());
        Assert.InRange(report.GetProperty("samples")[0].GetProperty("tokens").GetInt32(), 1, 3);
        Assert.StartsWith("# a/release\n", File.ReadAllText(files.GetProperty("report").GetString()!), StringComparison.Ordinal);

        InProcess.Run("judge", config, folder["none"]).Failed(1, "none");
        InProcess.Run("judge", config, release, "--turns", "-1").Failed(2, "--turns");
    }

    [Fact]
    public void Variants_of_a_configuration_are_compared()
    {
        using var folder = new TemporaryFolder();
        var config = Config("x")[Config("x").IndexOf("\"corpora\"", StringComparison.Ordinal)..];
        var family = folder.Write("family.json", $$"""{ "seeds": [1, 2], "base": { {{config}}, "variants": [{ "name": "a" }, { "name": "b", "changes": { "optimizer": { "muon": false } } }] }""");
        var files = InProcess.Run("ablate", family, "-o", folder["runs"], "--steps", "2", "--json").Json;
        Assert.Equal(4, files.GetProperty("runs").GetInt32());
        var results = JsonDocument.Parse(File.ReadAllText(files.GetProperty("results").GetString()!)).RootElement;
        Assert.Equal(["a", "b", "a", "b"], results.EnumerateArray().Select(result => result.GetProperty("variant").GetString()));
        Assert.Contains("| b |  | 2 | ", InProcess.Run("ablate", family, "-o", folder["runs"], "--steps", "2").Succeeded().Out, StringComparison.Ordinal);
        Assert.DoesNotContain("| a |", InProcess.Run("ablate", family, "-o", folder["runs"], "--steps", "2", "--only", "b").Succeeded().Out, StringComparison.Ordinal);
        InProcess.Run("ablate", family, "-o", folder["runs"], "--only", "c").Failed(2, "--only", "a, b", "'c'");
    }

    // Made-up tasks alone: no corpus is needed, and the tokenizer is the 256 bytes.
    private static string Config(string output) => $$"""
        {
          "output": {{JsonSerializer.Serialize(output)}},
          "corpora": "none",
          "sources": [{ "name": "synthetic", "weight": 1, "most": 200 }],
          "tokenizer": { "ranks": 256 },
          "model": { "layers": 2, "hidden": 64, "heads": 2, "queryRank": 32, "latentWidth": 32, "nopeWidth": 16, "ropeWidth": 16, "valueWidth": 16, "denseWidth": 64, "experts": 4, "topK": 2, "expertWidth": 32, "contextLength": 256 },
          "schedule": { "rowLength": 128, "rows": 4, "accumulate": 2, "steps": 24, "warmUp": 4, "stateEvery": 3, "evaluateEvery": 0, "int4From": 16 }
        }
        """;

    private static string[] Lines(string output) => File.Exists(Path.Combine(output, "log.jsonl")) ? File.ReadAllLines(Path.Combine(output, "log.jsonl")) : [];

    private static (int Step, double Loss)[] Losses(string output) => [.. Lines(output).Select(line => JsonDocument.Parse(line).RootElement)
        .Select(line => (line.GetProperty("step").GetInt32(), line.GetProperty("loss").GetDouble()))];
}
