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
    public void Bench_tells_what_was_read()
    {
        var json = InProcess.Run(["bench", _model, "-p", "32", "-n", "8", "-r", "1", "--json", .. Streamed("1")]).Json;
        Assert.All(json.GetProperty("tests").EnumerateArray(), test => Assert.NotEqual(JsonValueKind.Null, test.GetProperty("streaming").ValueKind));
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
    [InlineData("--memory", "0", "expected a size")]
    [InlineData("--memory", "much", "expected a size")]
    public void Values_out_of_range_are_refused(string option, string value, string expected) =>
        InProcess.Run("run", _model, "-p", "x", option, value).Failed(2, option, expected, value);

    private static string[] Streamed(string slots) => ["--memory", "100GB", "--expert-slots", slots, "--cold"];
}
