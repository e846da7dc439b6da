using System.Globalization;
using System.Text.Json;
using Crescent.Tests.Hub;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>What is lossy says so, with its divergence from the exact run.</summary>
public sealed class LossyOptionTests : IDisposable
{
    private static readonly string[] s_streamed = ["--memory", "100GB", "--expert-slots", "4", "--cold"];

    private readonly TemporaryFolder _folder = new();
    private readonly HubEnvironment _environment;
    private readonly string _model;
    private readonly string _text;

    public LossyOptionTests()
    {
        _environment = new HubEnvironment(_folder["home"]);
        _model = _folder["model.gguf"];
        InProcess.Run("synth", "tiny-kimi-k2", _model, "--type", "Q4_0", "--layers", "3").Succeeded();
        _text = Goldens.BeginningOfWikiText(_folder, 1200);
    }

    public void Dispose()
    {
        _environment.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_is_exact_says_nothing_of_it()
    {
        foreach (var options in (string[][])[[], ["--lossy-skip", "0"], [.. s_streamed, "--lossy-prefer-resident", "0"]])
        {
            var run = Run(options);
            Assert.DoesNotContain("lossy", run.Error, StringComparison.Ordinal);
            Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("lossy").ValueKind);
        }

        Assert.Equal(JsonValueKind.Null, Perplexity().GetProperty("klMean").ValueKind);
        Assert.Equal(JsonValueKind.Null, Bench().Json.GetProperty("lossy").ValueKind);
    }

    [Fact]
    public void A_share_that_drops_nothing_diverges_by_nothing()
    {
        var (exact, found) = (Perplexity(), Perplexity("--lossy-skip", "1e-9"));
        Assert.Equal(0, found.GetProperty("klMax").GetDouble());
        Assert.Equal(1, found.GetProperty("topOneAgreement").GetDouble());
        Assert.Equal(exact.GetProperty("tokenPerplexity").GetDouble(), found.GetProperty("tokenPerplexity").GetDouble());
    }

    // The exact base is what the same command gives without the option, kept in a file and compared with.
    [Theory]
    [InlineData("--lossy-skip", "0.9")]
    [InlineData("--lossy-skip", "1", "--memory", "100GB", "--expert-slots", "3", "--cold")]
    public void Divergence_is_that_from_the_stored_logits_of_the_exact_run(params string[] options)
    {
        Perplexity("--save-logits", _folder["exact"]);
        var stored = Perplexity([.. options, "--kl-base", _folder["exact"]]);
        Assert.Equal(JsonValueKind.Null, stored.GetProperty("lossy").GetProperty("klMean").ValueKind); // another base's is not kept
        var own = Perplexity(options);
        Assert.True(own.GetProperty("klMean").GetDouble() > 0);
        Assert.Equal(stored.GetProperty("klMean").GetDouble(), own.GetProperty("klMean").GetDouble());
        Assert.Equal(own.GetProperty("klMean").GetDouble(), own.GetProperty("lossy").GetProperty("klMean").GetDouble());
    }

    [Fact]
    public void A_base_model_is_run_exactly() =>
        Assert.Equal(Perplexity("--lossy-skip", "0.9").GetProperty("klMean").GetDouble(), Perplexity("--lossy-skip", "0.9", "--kl-base", _model).GetProperty("klMean").GetDouble());

    [Theory]
    [InlineData("skip below 0.9 of the top gate", "--lossy-skip", "0.9")]
    [InlineData("prefer resident experts within 2.5 of the range of scores", "--lossy-prefer-resident", "2.5", "--memory", "100GB", "--expert-slots", "4", "--cold")]
    [InlineData("skip below 0.5 of the top gate, prefer resident experts within 3 of the range of scores", "--lossy-skip", "0.5", "--lossy-prefer-resident", "3", "--memory", "100GB", "--expert-slots", "4", "--cold")]
    public void What_was_measured_is_told_wherever_results_are(string helps, params string[] options)
    {
        var before = Run(options);
        Assert.Equal(2, before.Error.Split($"lossy: {helps}, KL not measured yet: crescent perplexity").Length - 1); // as it starts, and as it ends
        Assert.Equal(JsonValueKind.Null, before.Json.GetProperty("lossy").GetProperty("klMean").ValueKind);

        var kl = Perplexity(options).GetProperty("klMean").GetDouble();
        Assert.True(kl > 0);
        var name = Path.GetFileName(_text);
        foreach (var json in (JsonElement[])[Run(options).Json, Bench([.. options, "--csv", _folder["rows.csv"]]).Json, Logits(options)])
        {
            var lossy = json.GetProperty("lossy");
            Assert.Equal((helps, kl, name), (lossy.GetProperty("helps").GetString(), lossy.GetProperty("klMean").GetDouble(), lossy.GetProperty("klText").GetString()));
            Assert.True(lossy.GetProperty("klTokens").GetInt32() > 100);
        }

        var line = string.Create(CultureInfo.InvariantCulture, $"lossy: {helps}, mean KL {kl:F6}");
        Assert.Contains(line, Run(options).Error, StringComparison.Ordinal);
        Assert.Contains(line, File.ReadAllText(_folder["rows.csv"]), StringComparison.Ordinal);
        Assert.Contains(line, InProcess.Run(["bench", _model, "-p", "8", "-n", "2", "-r", "1", "--read-bandwidth", "50", .. options]).Out, StringComparison.Ordinal);
        Assert.Contains(line, InProcess.Pipe("/exit\n", ["chat", _model, .. options]).Error, StringComparison.Ordinal);
        Assert.Contains($"lossy         {helps}", InProcess.Run(["perplexity", _model, "-f", _text, "-c", "64", "--chunks", "1", .. options]).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Copies_are_read_on_a_miss_and_measured()
    {
        // The same seed and so the same values, in a larger type.
        var large = _folder["large.gguf"];
        InProcess.Run("synth", "tiny-kimi-k2", large, "--type", "Q8_0", "--layers", "3").Succeeded();
        string[] options = ["--lossy-copies", _model, .. s_streamed];
        var measured = InProcess.Run(["perplexity", large, "-f", _text, "-c", "64", "--json", .. options]).Json.GetProperty("klMean").GetDouble();
        Assert.True(measured > 0);
        var json = InProcess.Run(["run", large, "--raw", "-p", "Once upon a time", "-n", "24", "--temp", "0", "--ignore-eos", "--json", .. options]).Json;
        Assert.Equal(_model, json.GetProperty("lossy").GetProperty("copies").GetString());
        Assert.Equal("copies of model.gguf on a miss", json.GetProperty("lossy").GetProperty("helps").GetString());
        Assert.Equal(measured, json.GetProperty("lossy").GetProperty("klMean").GetDouble());
        Assert.InRange(json.GetProperty("streaming").GetProperty("copiesUsed").GetDouble(), 0.001, 0.999);
        InProcess.Run(["run", large, "-p", "x", "--lossy-copies", Models.Stories, .. s_streamed]).Failed(1, Models.Stories, "expected copies of a model of architecture 'deepseek2', found 'llama'");
        InProcess.Run(["run", _model, "-p", "x", "--lossy-copies", large, .. s_streamed]).Failed(1, large, "expected copies smaller than");
        InProcess.Run("run", large, "-p", "x", "--lossy-copies", _model).Failed(2, "--lossy-copies", "expected --memory with it");
    }

    [Fact]
    public void A_damaged_measurement_counts_as_none()
    {
        Perplexity("--lossy-skip", "0.9");
        var file = Assert.Single(Directory.GetFiles(_folder["home/lossy"]));
        var whole = File.ReadAllLines(file);
        string[][] damaged = [[], ["crescent lossy 2", .. whole[1..]], [whole[0], "NaN", .. whole[2..]], [whole[0], "-1", .. whole[2..]], whole[..4], [.. whole, "more"], [new string('x', 10000)]];
        foreach (var lines in damaged)
        {
            File.WriteAllLines(file, lines);
            Assert.Contains("KL not measured yet", Run("--lossy-skip", "0.9").Error, StringComparison.Ordinal);
        }

        File.WriteAllLines(file, [.. whole[..4], "a\e[31mtext"]);
        Assert.Contains("measured on a?[31mtext", Run("--lossy-skip", "0.9").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--lossy-skip", "1.01", "expected 0..1, found 1.01")]
    [InlineData("--lossy-skip", "-0.1", "expected 0..1, found -0.1")]
    [InlineData("--lossy-skip", "NaN", "expected 0..1, found NaN")]
    [InlineData("--lossy-skip", "much", "expected a number, found 'much'")]
    [InlineData("--lossy-prefer-resident", "101", "expected 0..100, found 101")]
    [InlineData("--lossy-prefer-resident", "1", "expected --memory with it")]
    public void Bad_values_are_refused(string option, string value, string message) =>
        InProcess.Run("run", _model, "-p", "x", option, value).Failed(2, option, message);

    [Fact]
    public void Where_nothing_can_be_lossy_it_is_told()
    {
        InProcess.Run("run", Models.Stories, "-p", "x", "--lossy-skip", "0.5").Failed(1, "lossy", "expected a model with experts");
        InProcess.Run("imatrix", _model, "-f", _text, "-o", _folder["matrix"], "--lossy-skip", "0.5").Failed(2, "lossy", "exact model");
        var run = Run("--memory", "100GB", "--cold", "--lossy-prefer-resident", "1");
        Assert.Contains("--lossy-prefer-resident changes nothing: all experts are in memory", run.Error, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("lossy").ValueKind);
    }

    private CliResult Run(params string[] options) => InProcess.Run(["run", _model, "--raw", "-p", "Once upon a time", "-n", "8", "--temp", "0", "--ignore-eos", "--json", .. options]).Succeeded();

    private JsonElement Perplexity(params string[] options) => InProcess.Run(["perplexity", _model, "-f", _text, "-c", "64", "--json", .. options]).Succeeded().Json;

    private CliResult Bench(params string[] options) => InProcess.Run(["bench", _model, "-p", "8", "-n", "4", "-r", "1", "--read-bandwidth", "50", "--json", .. options]).Succeeded();

    private JsonElement Logits(params string[] options) =>
        InProcess.Run(["logits", _model, "--tokens", "1,2,3,4", "--out", _folder["logits"], "--json", .. options]).Succeeded().Json;
}
