using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class RoutingCommandTests
{
    [Fact]
    public void A_trace_is_written_and_simulated()
    {
        using var folder = new TemporaryFolder();
        var written = InProcess.Run("routing", "synth", folder["trace"], "--layers", "2", "--experts", "64", "--top-k", "4", "--tokens", "100", "--prompt-tokens", "10", "--seed", "4", "--json").Json;
        Assert.Equal(new FileInfo(folder["trace"]).Length, written.GetProperty("bytes").GetInt64());
        var json = InProcess.Run("routing", "simulate", folder["trace"], "--slots", "16,50%,100%", "--json").Json;
        Assert.Equal((2, 64, 4, 110), (json.GetProperty("layers").GetInt32(), json.GetProperty("experts").GetInt32(), json.GetProperty("topK").GetInt32(), json.GetProperty("tokens").GetInt32()));
        var results = json.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(["lru", "gate", "lfu", "s3fifo", "optimal"], results.Select(result => result.GetProperty("policy").GetString()).Distinct());
        Assert.Equal([16, 32, 64], results.Select(result => result.GetProperty("slots").GetInt32()).Distinct());
        Assert.All(results, result => Assert.Equal(
            (double)result.GetProperty("hits").GetInt64() / result.GetProperty("uses").GetInt64(), result.GetProperty("hitRate").GetDouble(), 9));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, seed) in new[] { ("a", "1"), ("b", "1"), ("c", "2") })
        {
            InProcess.Run("routing", "synth", folder[name], "--tokens", "20", "--seed", seed).Succeeded();
        }

        Assert.Equal(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]));
        Assert.NotEqual(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["c"]));
    }

    [Fact]
    public void One_policy_is_one_line_of_the_table()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("routing", "synth", folder["trace"]).Succeeded();
        var lines = InProcess.Run("routing", "simulate", folder["trace"], "--policy", "lru", "--slots", "18%,36%").Succeeded().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, lines.Length);
        Assert.StartsWith("lru", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("simulate no-such-trace", 1, "no-such-trace")]
    [InlineData("simulate TRACE --slots 300", 2, "--slots: expected 0..256 slots")]
    [InlineData("simulate TRACE --slots 101%", 2, "--slots: expected 0..256 slots or 0..100%")]
    [InlineData("simulate TRACE --policy best", 2, "--policy: expected one of all, lru, gate, lfu, s3fifo, optimal")]
    [InlineData("synth OUT --top-k 300", 2, "--top-k: expected 1..256")]
    [InlineData("synth OUT --tokens 0", 2, "found none")]
    [InlineData("synth OUT --skew -1", 2, "--skew: expected 0..10")]
    public void Wrong_usage_is_told(string args, int exitCode, string message)
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("routing", "synth", folder["trace"], "--tokens", "5").Succeeded();
        InProcess.Run(["routing", .. args.Replace("TRACE", folder["trace"], StringComparison.Ordinal).Replace("OUT", folder["out"], StringComparison.Ordinal).Split(' ')]).Failed(exitCode, message);
    }

    [Fact]
    public void A_file_that_is_no_trace_is_told()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("routing", "simulate", folder.Write("trace", "something else, and long enough"u8.ToArray())).Failed(1, "expected a routing trace");
    }
}
