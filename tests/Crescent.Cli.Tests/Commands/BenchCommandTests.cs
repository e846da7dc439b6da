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
        var json = InProcess.Run("bench", folder["m"], "-p", "4", "-n", "2", "-r", "1", "--json").Json;
        Assert.Equal(type, json.GetProperty("model").GetProperty("type").GetString());
    }

    [Fact]
    public void Json_has_the_fields_of_the_contract()
    {
        var json = InProcess.Run("bench", Models.Golden("g-kimi-k2-q4_0"), "-p", "8", "-n", "4", "-d", "3", "-r", "2", "--batch", "1,2", "--json").Json;
        JsonAssert.HasFields(json.GetProperty("machine"), "cpu", "isa", "threads", "readGBps");
        JsonAssert.HasFields(json.GetProperty("model"), "path", "bytes", "architecture", "type");
        var tests = json.GetProperty("tests").EnumerateArray().ToArray();
        Assert.Equal(["prefill 8 3 1 2", "decode 4 3 1 2", "decode 4 3 2 2"], tests.Select(test =>
            $"{test.GetProperty("test").GetString()} {test.GetProperty("tokens")} {test.GetProperty("depth")} {test.GetProperty("batch")} {test.GetProperty("repeats")}"));
        Assert.All(tests, test =>
        {
            JsonAssert.HasFields(
                test, "weightBytesPerToken", "gbPerSecond", "bandwidthShare", "allocatedBytesPerToken", "distinctExpertsPerLayer", "expertHitRate");
            var speed = test.GetProperty("tokensPerSecond");
            Assert.True(speed.GetProperty("min").GetDouble() > 0);
            Assert.InRange(speed.GetProperty("median").GetDouble(), speed.GetProperty("min").GetDouble(), speed.GetProperty("max").GetDouble());
            Assert.True(test.GetProperty("distinctExpertsPerLayer").GetDouble() >= 1);
        });
    }

    [Fact]
    public void The_table_has_a_line_a_test()
    {
        var result = InProcess.Run("bench", Models.Stories, "-p", "8", "-n", "4", "-r", "1").Succeeded();
        Assert.Equal("", result.Error);
        var lines = result.Out.TrimEnd().Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.StartsWith("prefill ", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("decode ", lines[4], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-p -1", "--prompt-tokens: expected 0..")]
    [InlineData("-p x", "--prompt-tokens: expected a whole number, found 'x'")]
    [InlineData("-n -1", "--tokens: expected 0..")]
    [InlineData("-d -1", "--depth: expected 0..")]
    [InlineData("-r 0", "--repeats: expected 1..")]
    [InlineData("--batch 0", "--batch: expected sizes of 1..256")]
    [InlineData("--batch 1,,2", "--batch: expected sizes of 1..256")]
    [InlineData("-p 0 -n 0", "nothing to measure")]
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
