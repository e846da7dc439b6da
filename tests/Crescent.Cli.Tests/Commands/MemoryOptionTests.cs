using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>Commands whose experts are read from the drive say what they say of a model in memory.</summary>
public sealed class MemoryOptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public MemoryOptionTests()
    {
        _model = _folder["model.gguf"];
        InProcess.Run("synth", "tiny-kimi-k2", _model, "--type", "Q4_0", "--layers", "3").Succeeded();
    }

    public static TheoryData<string> SlotCounts => ["1", "2", "5", "100000"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(SlotCounts))]
    public void Run_gives_the_same_answer(string slots)
    {
        string[] args = ["run", _model, "--raw", "-p", "Once upon a time", "-n", "24", "--temp", "0", "--ignore-eos", "--json"];
        var expected = JsonAssert.Ints(InProcess.Run(args).Json.GetProperty("ids"));
        var json = InProcess.Run([.. args, .. Streamed(slots)]).Json;
        Assert.Equal(expected, JsonAssert.Ints(json.GetProperty("ids")));
        Assert.True(json.GetProperty("streaming").GetProperty("driveBytesPerToken").GetInt64() > 0);
    }

    [Theory]
    [MemberData(nameof(SlotCounts))]
    public void Logits_are_the_same_bytes(string slots)
    {
        string[] args = ["logits", _model, "--tokens", "1,2,3,400,5,60,7,8,9,10,11", "--chunk", "4", "--out"];
        InProcess.Run([.. args, _folder["expected"]]).Succeeded();
        InProcess.Run([.. args, _folder["found"], .. Streamed(slots)]).Succeeded();
        Assert.Equal(File.ReadAllBytes(_folder["expected"]), File.ReadAllBytes(_folder["found"]));
    }

    [Theory]
    [MemberData(nameof(SlotCounts))]
    public void Perplexity_is_the_same(string slots)
    {
        string[] args = ["perplexity", _model, "-f", Goldens.BeginningOfWikiText(_folder, 2000), "-c", "64", "--chunks", "3", "--json"];
        var (expected, found) = (InProcess.Run(args).Json, InProcess.Run([.. args, .. Streamed(slots)]).Json);
        Assert.True(expected.GetProperty("tokenPerplexity").GetDouble() > 1);
        foreach (var name in (string[])["tokenPerplexity", "standardError", "tokens"])
        {
            Assert.Equal(expected.GetProperty(name).GetRawText(), found.GetProperty(name).GetRawText());
        }
    }

    [Theory]
    [MemberData(nameof(SlotCounts))]
    public void An_importance_matrix_is_the_same_file(string slots)
    {
        string[] args = ["imatrix", _model, "-f", Goldens.BeginningOfWikiText(_folder, 2000), "-c", "64", "--chunks", "3", "--json", "--out"];
        InProcess.Run([.. args, _folder["expected"]]).Succeeded();
        InProcess.Run([.. args, _folder["found"], .. Streamed(slots)]).Succeeded();
        Assert.Equal(File.ReadAllBytes(_folder["expected"]), File.ReadAllBytes(_folder["found"]));
    }

    [Fact]
    public void Bench_tells_what_was_read_and_what_was_expected()
    {
        var json = InProcess.Run(["bench", _model, "-p", "32", "-n", "8", "-r", "1", "--json", .. Streamed("1")]).Json;
        Assert.All(json.GetProperty("tests").EnumerateArray(), test => Assert.NotEqual(JsonValueKind.Null, test.GetProperty("streaming").ValueKind));
        RequirePrediction(json.GetProperty("tests").EnumerateArray().Single(test => test.GetProperty("test").GetString() == "decode").GetProperty("streaming"));
    }

    [Fact]
    public void Run_puts_what_was_expected_beside_what_was_reached()
    {
        string[] args = ["run", _model, "--raw", "-p", "Once upon a time", "-n", "24", "--temp", "0", "--ignore-eos", .. Streamed("2")];
        var json = InProcess.Run([.. args, "--json", "--drive-depth", "3", "--drive-block", "256KiB"]).Json;
        var predicted = RequirePrediction(json.GetProperty("streaming"));

        // At the tokens' own hit rate: the drive alone takes at least this long.
        var streaming = json.GetProperty("streaming");
        var experts = InProcess.Run("plan", _model, "--memory", "1GB", "--memory-bandwidth", "80", "--compute", "700", "--drive-bandwidth", "1", "--ubatch", "64", "--json").Json.GetProperty("shape").GetProperty("expertBytesPerToken").GetInt64();
        var seconds = (1 - streaming.GetProperty("decodeHitRate").GetDouble()) * experts / (streaming.GetProperty("driveMeasuredGBps").GetDouble() * 1e9);
        Assert.InRange(predicted, 0, 1 / seconds);
        Assert.Contains("tok/s (predicted ", InProcess.Run(args).Succeeded().Error, StringComparison.Ordinal);
        Assert.DoesNotContain("predicted", InProcess.Run("run", _model, "--raw", "-p", "Once", "-n", "4").Succeeded().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Chat_puts_what_was_expected_beside_what_was_reached()
    {
        var text = InProcess.Pipe("Hello\n", ["chat", _model, "-n", "12", "--temp", "0", "--json", .. Streamed("2")]).Succeeded().Out;
        RequirePrediction(JsonDocument.Parse(text).RootElement.GetProperty("streaming"));
    }

    [Fact]
    public void A_memory_that_cannot_hold_what_every_token_needs_is_refused() =>
        InProcess.Run("run", _model, "-p", "x", "--memory", "2MB").Failed(1, "--memory 1.9 MiB", "needs at least", "weights that every token needs", "one expert a layer");

    [Fact]
    public void A_dense_model_that_does_not_fit_is_refused() =>
        InProcess.Run("run", Models.Stories, "-p", "x", "--memory", "1MB").Failed(1, "--memory", "no experts", "expected at least");

    [Theory]
    [InlineData("--expert-slots", "0", "expected 1..")]
    [InlineData("--drive-timeout", "0", "expected more than 0")]
    [InlineData("--drive-timeout", "-1", "expected more than 0")]
    [InlineData("--drive-depth", "0", "expected 1..256")]
    [InlineData("--drive-depth", "257", "expected 1..256")]
    [InlineData("--drive-block", "3145728", "expected a power of two from 64.0 KiB to 64.0 MiB")]
    [InlineData("--drive-block", "32768", "expected a power of two")]
    [InlineData("--drive-block", "134217728", "expected a power of two")]
    [InlineData("--memory", "0", "expected a size")]
    [InlineData("--memory", "much", "expected a size")]
    public void Values_out_of_range_are_refused(string option, string value, string expected) =>
        InProcess.Run("run", _model, "-p", "x", option, value).Failed(2, option, expected, value);

    [Fact]
    public void Shards_may_lie_in_a_second_folder()
    {
        InProcess.Run("convert", _model, _folder["shards"], "--split-size", "1MB").Succeeded();
        var files = Directory.GetFiles(_folder.Path, "shards*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        Assert.InRange(files.Length, 2, 1000);
        Directory.CreateDirectory(_folder["second"]);
        foreach (var file in files[1..])
        {
            File.Move(file, Path.Combine(_folder["second"], Path.GetFileName(file)));
        }

        string[] args = ["run", "--raw", "-p", "Once upon a time", "-n", "8", "--temp", "0", "--ignore-eos", "--json"];
        var expected = JsonAssert.Ints(InProcess.Run([.. args, _model]).Json.GetProperty("ids"));
        Assert.Equal(expected, JsonAssert.Ints(InProcess.Run([.. args, files[0], "--also", _folder["second"]]).Json.GetProperty("ids")));
        Assert.Equal(expected, JsonAssert.Ints(InProcess.Run([.. args, files[0], "--also", _folder["second"], .. Streamed("2")]).Json.GetProperty("ids")));
        InProcess.Run([.. args, files[0]]).Failed(1, "found no", Path.GetFileName(files[1]));
        InProcess.Run([.. args, files[0], "--also", _folder.Path]).Failed(1, Path.GetFileName(files[1]), $"nor in {_folder.Path}");
    }

    private static double RequirePrediction(JsonElement streaming)
    {
        var (predicted, bound) = (streaming.GetProperty("predictedTokensPerSecond").GetDouble(), streaming.GetProperty("boundTokensPerSecond").GetDouble());
        Assert.True(predicted > 0 && predicted <= bound && streaming.GetProperty("driveMeasuredGBps").GetDouble() > 0, streaming.ToString());
        return predicted;
    }

    private static string[] Streamed(string slots) => ["--memory", "100GB", "--expert-slots", slots, "--cold"];
}
