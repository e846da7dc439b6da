using Crescent.Cli.Benchmarks;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class BenchCommandTests
{
    [Theory]
    [InlineData("tiny-kimi-k2", "safetensors", "F8_E4M3")]
    [InlineData("tiny-grok-1", "grok", "INT8_KN")]
    public void A_model_as_published_is_measured_where_its_weights_lie_in_parts(string preset, string format, string type)
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("synth", preset, folder["m"], "--format", format).Succeeded();
        var json = InProcess.Run("bench", folder["m"], "-p", "4", "-n", "2", "-r", "1", "--read-bandwidth", "20", "--json").Json;
        Assert.Equal(type, json.GetProperty("model").GetProperty("type").GetString());
    }

    [Fact]
    public void Json_has_the_fields_of_the_contract()
    {
        var json = InProcess.Run("bench", Models.Golden("g-kimi-k2-q4_0"), "-p", "8", "-n", "4", "-d", "3", "-r", "2", "--batch", "1,2", "--json").Json;
        JsonAssert.HasFields(json.GetProperty("machine"), "cpu", "isa", "threads", "readGBps");
        Assert.True(json.GetProperty("machine").GetProperty("readGBps").GetDouble() > 0);
        JsonAssert.HasFields(json.GetProperty("model"), "path", "bytes", "architecture", "type");
        var tests = json.GetProperty("tests").EnumerateArray().ToArray();
        Assert.Equal(["prefill 8 3 1 2", "decode 4 3 1 2", "decode 4 3 2 2"], tests.Select(test =>
            $"{test.GetProperty("test").GetString()} {test.GetProperty("tokens")} {test.GetProperty("depth")} {test.GetProperty("batch")} {test.GetProperty("repeats")}"));
        Assert.All(tests, test =>
        {
            JsonAssert.HasFields(
                test, "weightBytesPerToken", "gbPerSecond", "bandwidthShare", "allocatedBytesPerToken", "distinctExpertsPerLayer", "expertHitRate", "threads", "ubatch", "readGBps", "batchGain", "batchGainAllowed");
            var speed = test.GetProperty("tokensPerSecond");
            Assert.True(speed.GetProperty("min").GetDouble() > 0);
            Assert.InRange(speed.GetProperty("median").GetDouble(), speed.GetProperty("min").GetDouble(), speed.GetProperty("max").GetDouble());
            Assert.True(test.GetProperty("distinctExpertsPerLayer").GetDouble() >= 1);
        });
    }

    [Fact]
    public void The_table_has_a_line_a_test()
    {
        var result = InProcess.Run("bench", Models.Stories, "-p", "8", "-n", "4", "-r", "1", "--read-bandwidth", "20").Succeeded();
        Assert.Equal("", result.Error);
        Assert.DoesNotContain("experts", result.Out, StringComparison.Ordinal);
        var lines = result.Out.TrimEnd().Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.StartsWith("prefill ", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("decode ", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_depth_is_measured_with_every_batch()
    {
        var json = InProcess.Run(
            "bench", Models.Golden("g-kimi-k2-q4_0"), "-p", "8", "-n", "3", "-d", "40,0,64", "--batch", "3,1", "-t", "1", "-r", "1", "--read-bandwidth", "20", "--json").Json;
        Assert.Equal(
            ["prefill 0 1", "decode 0 1", "decode 0 3", "prefill 40 1", "decode 40 1", "decode 40 3", "prefill 64 1", "decode 64 1", "decode 64 3"],
            json.GetProperty("tests").EnumerateArray().Select(test => $"{test.GetProperty("test").GetString()} {test.GetProperty("depth")} {test.GetProperty("batch")}"));
    }

    [Theory]
    [InlineData("tiny-qwen3-30b-a3b")]
    [InlineData("tiny-kimi-linear")]
    public void A_filled_cache_serves_all_repeats(string preset)
    {
        // A repeat that had to compute its depth again would fail: it says how many tokens it found in the cache.
        using var folder = new TemporaryFolder();
        var model = folder["m.gguf"];
        InProcess.Run("synth", preset, model).Succeeded();
        var json = InProcess.Run("bench", model, "-p", "40", "-n", "3", "-d", "64", "--batch", "1,2,5", "-r", "6", "--read-bandwidth", "20", "--json").Json;
        var tests = json.GetProperty("tests").EnumerateArray().ToArray();
        Assert.Equal(4, tests.Length);
        Assert.All(tests, test => Assert.Equal(6, test.GetProperty("samples").GetArrayLength()));
    }

    [Fact]
    public void A_batch_gains_beside_what_its_experts_allow()
    {
        var json = InProcess.Run("bench", Models.Golden("g-kimi-k2-q4_0"), "-p", "0", "-n", "4", "--batch", "1,4", "-r", "1", "--read-bandwidth", "20", "--json").Json;
        var (single, batch) = (json.GetProperty("tests")[0], json.GetProperty("tests")[1]);
        Assert.Equal(1, single.GetProperty("batchGain").GetDouble());
        Assert.Equal(1, single.GetProperty("batchGainAllowed").GetDouble());
        var speeds = Median(batch) / Median(single);
        Assert.Equal(speeds, batch.GetProperty("batchGain").GetDouble(), speeds * 1e-9);
        // Four sequences share what every token reads and some experts, never more than everything.
        Assert.InRange(batch.GetProperty("batchGainAllowed").GetDouble(), 1.01, 4);
        var experts = single.GetProperty("distinctExpertsPerLayer").GetDouble();
        Assert.InRange(batch.GetProperty("distinctExpertsPerLayer").GetDouble(), experts + 1, 4 * experts);

        static double Median(System.Text.Json.JsonElement test) => test.GetProperty("tokensPerSecond").GetProperty("median").GetDouble();
    }

    [Fact]
    public void Bandwidth_is_never_below_what_a_test_reached()
    {
        var test = InProcess.Run("bench", Models.Stories, "-p", "0", "-n", "4", "-r", "1", "--read-bandwidth", "0.000001", "--json").Json.GetProperty("tests")[0];
        Assert.Equal(1, test.GetProperty("bandwidthShare").GetDouble());
        Assert.Equal(test.GetProperty("gbPerSecond").GetDouble(), test.GetProperty("readGBps").GetDouble());
    }

    [Fact]
    public void Rows_are_appended_to_one_file()
    {
        using var folder = new TemporaryFolder();
        string[] bench = ["bench", Models.Stories, "-p", "8", "-n", "4", "-r", "2", "-ub", "16", "-t", "1", "--read-bandwidth", "2000", "--csv", folder["b.csv"]];
        InProcess.Run(bench).Succeeded();
        InProcess.Run(bench).Succeeded();
        var lines = File.ReadAllLines(folder["b.csv"]);
        Assert.Equal(9, lines.Length);
        Assert.Equal(BenchFile.Header, lines[0]);
        var rows = BenchFile.Read("--csv", folder["b.csv"]);
        Assert.Equal(["prefill 1", "prefill 2", "decode 1", "decode 2"], rows.Take(4).Select(row => $"{row.Test} {row.Repeat}"));
        Assert.All(rows, row => Assert.Equal(
            ("stories260K.gguf", "llama", 1, 16, 2000.0, null), (row.Model, row.Architecture, row.Threads, row.Ubatch, row.ReadGbPerSecond, row.DistinctExperts)));
        Assert.All(rows, row => Assert.Equal(row.TokensPerSecond, row.Tokens / row.Seconds, row.TokensPerSecond * 0.01));
    }

    [Fact]
    public void A_file_of_something_else_is_not_appended_to()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("x.csv", "a,b\n1,2\n");
        InProcess.Run("bench", Models.Stories, "--csv", path).Failed(1, "--csv", "expected the first line time,version", "found 'a,b'");
        InProcess.Run("bench", Models.Stories, "--csv", Path.Combine(folder.Path, "none", "x.csv")).Failed(1, "--csv: no folder");
        Assert.Equal("a,b\n1,2\n", File.ReadAllText(path));
    }

    [Fact]
    public void A_profile_tells_where_the_time_went()
    {
        var json = InProcess.Run("bench", Models.Stories, "-p", "16", "-n", "8", "-r", "1", "--read-bandwidth", "10", "--profile", "--json").Json;
        foreach (var test in json.GetProperty("tests").EnumerateArray())
        {
            var parts = test.GetProperty("parts").EnumerateArray().ToDictionary(part => part.GetProperty("part").GetString()!);
            Assert.Contains("Attention", parts);
            Assert.True(parts["FeedForward"].GetProperty("gmacPerSecond").GetDouble() > 0);
            // The parts are the steps' time: what is left of a token's is sampling and scheduling.
            var seconds = parts.Values.Sum(part => part.GetProperty("millisecondsPerToken").GetDouble()) / 1000;
            Assert.InRange(seconds * test.GetProperty("tokensPerSecond").GetProperty("median").GetDouble(), 0.01, 1.001);
        }

        Assert.Contains("ms/token", InProcess.Run("bench", Models.Stories, "-p", "0", "-n", "4", "-r", "1", "--read-bandwidth", "10", "--profile").Succeeded().Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-p -1", "--prompt-tokens: expected 0..")]
    [InlineData("-p x", "--prompt-tokens: expected a whole number, found 'x'")]
    [InlineData("-n -1", "--tokens: expected 0..")]
    [InlineData("-d -1", "--depth: expected 0..")]
    [InlineData("-r 0", "--repeats: expected 1..")]
    [InlineData("--batch 0", "--batch: expected 1..256")]
    [InlineData("--batch 1,,2", "--batch: expected 1..256")]
    [InlineData("-p 0 -n 0", "nothing to measure")]
    [InlineData("-d 1,x", "--depth: expected 0..16777216, or several separated by commas, found '1,x'")]
    [InlineData("-d 20000k", "--depth: expected 0..16777216")]
    [InlineData("-t 0", "--threads: expected 1..1024")]
    [InlineData("-ub 0", "--ubatch: expected 1..65536, found 0")]
    [InlineData("-ub 4 --batch 8", "--batch: expected at most --ubatch 4 sequences, found 8")]
    [InlineData("--read-bandwidth 0", "--read-bandwidth: expected a number above 0, found 0")]
    public void Bad_sizes_are_named(string options, string expected) =>
        InProcess.Run(["bench", Models.Stories, .. options.Split(' ')]).Failed(2, expected);

    [Fact]
    public void An_interrupt_ends_it_with_130()
    {
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        Assert.Equal(130, InProcess.RunWith("", interrupt.Token, "bench", Models.Stories, "-p", "8", "-n", "4", "-r", "1").ExitCode);
    }
}
