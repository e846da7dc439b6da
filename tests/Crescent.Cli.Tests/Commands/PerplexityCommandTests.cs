using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class PerplexityCommandTests : IDisposable
{
    private const double PrintedDigits = 6e-5; // llama.cpp prints four
    private const double HalfCacheShare = 5e-4; // an F16 cache's rounding differs with the order of its products: both are about as far from an F32 cache

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // tests/golden/llama-cpp-measures/PROVENANCE.md
    [Theory]
    [InlineData(128, 64, 4032, 97.7284, 5.64255)]
    [InlineData(512, 20, 5100, 96.8851, 4.80102)]
    public void Llama_cpps_perplexity_is_ours(int context, int chunks, int tokens, double perplexity, double error)
    {
        var json = Run(Models.Stories, Goldens.WikiText, "--llama", "-c", $"{context}", "--chunks", $"{chunks}", "--kv-type", "f32").Json;
        Assert.Equal(tokens, json.GetProperty("tokens").GetInt32());
        Assert.Equal(perplexity, json.GetProperty("tokenPerplexity").GetDouble(), PrintedDigits);
        Assert.Equal(error, json.GetProperty("standardError").GetDouble(), PrintedDigits);
        Assert.Equal("llama", json.GetProperty("counting").GetString());
        Assert.All(["wordPerplexity", "bytePerplexity", "bitsPerByte", "klMean", "klP99", "topOneAgreement"], name => Assert.Equal(JsonValueKind.Null, json.GetProperty(name).ValueKind));
    }

    [Theory]
    [InlineData(128, 64, 97.7213)]
    [InlineData(512, 20, 96.9102)]
    public void With_the_usual_cache_it_has_the_same_three_digits(int context, int chunks, double perplexity)
    {
        var json = Run(Models.Stories, Goldens.WikiText, "--llama", "-c", $"{context}", "--chunks", $"{chunks}").Json;
        Assert.Equal(perplexity, json.GetProperty("tokenPerplexity").GetDouble(), HalfCacheShare * perplexity);
    }

    [Fact]
    public void A_whole_file_counts_as_many_contexts_as_llama_cpp_does()
    {
        var json = Run(Models.Stories, Goldens.BeginningOfWikiText(_folder, 1700), "--llama", "-c", "128").Json;
        Assert.Equal(8 * 63, json.GetProperty("tokens").GetInt32());
        Assert.Equal(75.7676, json.GetProperty("tokenPerplexity").GetDouble(), HalfCacheShare * 75.7676);
    }

    [Fact]
    public void One_newline_at_the_end_is_not_llama_cpps_text()
    {
        var text = Goldens.Words(100);
        string Counted(string suffix) => Run(Models.Stories, _folder.Write("text", text + suffix), "--llama", "-c", "8").Out;
        Assert.Equal(Counted(""), Counted("\n"));
        Assert.NotEqual(Counted(""), Counted("\n\n\n\n\n\n\n\n\n"));
    }

    [Fact]
    public void Divergence_from_llama_cpps_stored_logits_is_llama_cpps()
    {
        var json = Run(
            Models.Stories, Goldens.WikiText, "--llama", "-c", "128", "--chunks", "4", "--kv-type", "f32", "--override-kv", "llama.rope.freq_base=float:8000",
            "--kl-base", Goldens.Measure("stories260K.logits")).Json;
        Assert.Equal(71.179619, json.GetProperty("tokenPerplexity").GetDouble(), PrintedDigits);
        Assert.Equal(14.952984, json.GetProperty("standardError").GetDouble(), PrintedDigits);

        // Stored in 16 bits, a row's probabilities do not quite sum to one: we divide by their sum, llama.cpp does not.
        Assert.Equal(0.005105, json.GetProperty("klMean").GetDouble(), 1e-5);
        Assert.Equal(0.000759, json.GetProperty("klStandardError").GetDouble(), 1e-6);
        Assert.Equal(0.002309, json.GetProperty("klMedian").GetDouble(), 2e-5);
        Assert.Equal(0.043819, json.GetProperty("klP99").GetDouble(), 2e-5);
        Assert.Equal(0.159722, json.GetProperty("klMax").GetDouble(), 2e-5);
        Assert.Equal(0.95238, json.GetProperty("topOneAgreement").GetDouble(), 1e-5);
    }

    [Fact]
    public void Every_kind_of_base_gives_the_same_divergence()
    {
        var text = _folder.Write("text", Goldens.Words(120));
        string[] rotation = ["--override-kv", "llama.rope.freq_base=float:1000"];
        var plain = Run(Models.Stories, text, "-c", "64", "--save-logits", _folder["saved"]).Json;
        var stored = Run(Models.Stories, text, ["-c", "64", "--kl-base", _folder["saved"], .. rotation]).Json;
        Assert.True(stored.GetProperty("klMean").GetDouble() > 1e-4);
        Assert.InRange(stored.GetProperty("topOneAgreement").GetDouble(), 0.5, 0.9999);

        // The other way round: the base is a model, whose logits --save-logits keeps no copy of.
        var alone = Run(Models.Stories, text, "-c", "64", "--kl-base", Models.Stories).Json;
        Assert.Equal(0, alone.GetProperty("klMax").GetDouble());
        Assert.Equal(1, alone.GetProperty("topOneAgreement").GetDouble());
        Assert.Equal(plain.GetProperty("tokenPerplexity").GetDouble(), alone.GetProperty("tokenPerplexity").GetDouble());

        // Where the text fits one window, what 'crescent logits' writes of the same tokens is a base too.
        var ids = string.Join(',', JsonAssert.Ints(InProcess.Run("tokenize", Models.Stories, "--file", text, "--bos").Json.GetProperty("ids")));
        InProcess.Run("logits", Models.Stories, "--tokens", ids, "--out", _folder["raw"]).Succeeded();
        Run(Models.Stories, text, "-c", "512", "--save-logits", _folder["saved"]).Succeeded();
        var saved = Run(Models.Stories, text, ["-c", "512", "--kl-base", _folder["saved"], .. rotation]).Json;
        var raw = Run(Models.Stories, text, ["-c", "512", "--kl-base", _folder["raw"], .. rotation]).Json;
        Assert.Equal(saved.GetProperty("klMean").GetDouble(), raw.GetProperty("klMean").GetDouble());
        Assert.Equal(saved.GetProperty("klP99").GetDouble(), raw.GetProperty("klP99").GetDouble());
    }

    [Fact]
    public void A_story_has_the_published_loss_per_token_word_and_byte()
    {
        var path = SharedData.Path("weights", "nll-text.txt");
        using var reference = JsonDocument.Parse(File.ReadAllText(SharedData.Path("weights", "stories260K", "reference.json")));
        var loss = reference.RootElement.GetProperty("mean_nll").GetDouble();
        var tokens = reference.RootElement.GetProperty("nll_scored").GetInt32();
        var text = File.ReadAllText(path);
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        var bytes = new FileInfo(path).Length;

        var json = Run(Models.Stories, path, "-c", "512", "--kv-type", "f32").Json;
        Assert.Equal(tokens, json.GetProperty("tokens").GetInt32());
        Assert.Equal(Math.Exp(loss), json.GetProperty("tokenPerplexity").GetDouble(), 1e-3);
        Assert.Equal(loss * tokens / words, Math.Log(json.GetProperty("wordPerplexity").GetDouble()), 1e-3);
        Assert.Equal(loss * tokens / bytes, Math.Log(json.GetProperty("bytePerplexity").GetDouble()), 1e-3);
        Assert.Equal(loss * tokens / bytes / Math.Log(2), json.GetProperty("bitsPerByte").GetDouble(), 1e-3);
        Assert.True(json.GetProperty("standardError").GetDouble() > 0);
    }

    [Fact]
    public void The_steps_length_changes_nothing()
    {
        // A context of 600 is run in steps of 512.
        var text = _folder.Write("text", Goldens.Words(700));
        var bounds = Run(Models.Stories, text, "-c", "600", "--kl-base", Models.Stories, "--quiet").Json;
        Assert.Equal(0, bounds.GetProperty("klMax").GetDouble());
        Assert.True(bounds.GetProperty("tokens").GetInt32() > 600);
    }

    [Fact]
    public void A_word_without_end_has_no_perplexity_of_its_own()
    {
        var json = Run(Models.Stories, _folder.Write("text", string.Concat(Enumerable.Repeat("qzxv", 200))), "-c", "64", "--quiet").Json;
        Assert.Equal(JsonValueKind.Null, json.GetProperty("wordPerplexity").ValueKind); // e^thousands
        Assert.True(json.GetProperty("bitsPerByte").GetDouble() > 0);
    }

    [Fact]
    public void Few_tokens_are_enough_and_none_are_not()
    {
        Run(Models.Stories, _folder.Write("empty", "")).Failed(1, "--file", "at least two tokens, found 1");
        Assert.Equal(1, Run(Models.Stories, _folder.Write("one", "a"), "-c", "16").Json.GetProperty("tokens").GetInt32());
        Run(Models.Stories, _folder["one"], "-c", "16", "--llama").Failed(1, "--file", "32 tokens, found 2", "--context");
    }

    [Theory]
    [InlineData("--context: expected at least 4", "-c", "3")]
    [InlineData("--chunks: expected at least 1, found 0", "--chunks", "0")]
    public void Options_have_bounds(string message, params string[] options) =>
        Run(Models.Stories, _folder.Write("text", "once"), options).Failed(2, message);

    [Fact]
    public void A_base_that_cannot_be_compared_is_told()
    {
        var text = _folder.Write("text", Goldens.Words(50));
        Run(Models.Stories, text, "-c", "32", "--save-logits", _folder["saved"]).Succeeded();
        CliResult With(string path, string text, string context = "32") => Run(Models.Stories, text, "-c", context, "--kl-base", path);

        With(_folder["none"], text).Failed(1, "--kl-base", "no such file");
        With(text, text).Failed(1, "--kl-base", "GGUF");
        With(_folder["saved"], _folder.Write("other", Goldens.Words(60))).Failed(1, "--kl-base", "the same text");
        With(_folder["saved"], text, "16").Failed(1, "--kl-base", "the same text");
        With(Goldens.Measure("stories260K.logits"), text).Failed(1, "--kl-base", "as llama.cpp does", "contexts of 128");
        File.WriteAllBytes(_folder["cut"], File.ReadAllBytes(_folder["saved"])[..^1000]);
        With(_folder["cut"], text).Failed(1, "--kl-base", "bytes: expected");

        // The same size of vocabulary, but no token for " upon".
        var other = File.ReadAllBytes(Models.Stories);
        "▁uqon"u8.CopyTo(other.AsSpan(other.AsSpan().IndexOf("▁upon"u8)));
        With(_folder.Write("other.gguf", other), text).Failed(1, "--kl-base", "as the same tokens", "from token 2 on");
        InProcess.Run("synth", "tiny-llama-3.2-1b", _folder["tiny.gguf"]).Succeeded();
        With(_folder["tiny.gguf"], text).Failed(1, "--kl-base", "a vocabulary of 512");
    }

    [Fact]
    public void Logits_appear_when_they_are_complete()
    {
        var text = _folder.Write("text", Goldens.Words(50));
        Run(Models.Stories, text, "-c", "32", "--save-logits", Path.Combine(_folder["none"], "x")).Failed(1, "--save-logits", "no folder", _folder["none"]);
        Run(Models.Stories, text, "-c", "32", "--save-logits", _folder.Path).Failed(1, "--save-logits", "found a folder");
        Run(Models.Stories, text, "-c", "32", "--save-logits", _folder["saved"]).Succeeded();

        // A base may be replaced by what is compared with it.
        var before = File.ReadAllBytes(_folder["saved"]);
        Run(Models.Stories, text, "-c", "32", "--save-logits", _folder["saved"], "--kl-base", _folder["saved"], "--override-kv", "llama.rope.freq_base=float:8000").Succeeded();
        Assert.Equal(before.Length, new FileInfo(_folder["saved"]).Length);
        Assert.NotEqual(before, File.ReadAllBytes(_folder["saved"]));
        Assert.Equal([_folder["saved"], text], Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_full_drive_is_one_line()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        Run(Models.Stories, _folder.Write("text", Goldens.Words(50)), "-c", "32", "--save-logits", "/dev/full").Failed(1, "No space left on device");
    }

    [Fact]
    public void An_interrupt_leaves_no_half_file()
    {
        using var cancellation = new CancellationTokenSource();
        using var watcher = new FileSystemWatcher(_folder.Path, "*.partial");
        watcher.Created += (_, _) => cancellation.Cancel();
        watcher.EnableRaisingEvents = true;
        var result = InProcess.RunWith("", cancellation.Token, "perplexity", Models.Stories, "-f", Goldens.WikiText, "-c", "128", "--save-logits", _folder["saved"]);
        Assert.Equal(130, result.ExitCode);
        Assert.EndsWith("crescent: interrupted\n", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_person_reads_the_same_figures()
    {
        var text = _folder.Write("text", Goldens.Words(50));
        var result = InProcess.Run("perplexity", Models.Stories, "-f", text, "-c", "32", "--kl-base", Models.Stories).Succeeded();
        Assert.Contains("each once, in contexts of 32", result.Out, StringComparison.Ordinal);
        Assert.Contains(" a token\n", result.Out, StringComparison.Ordinal);
        Assert.Contains(" a word\n", result.Out, StringComparison.Ordinal);
        Assert.Contains(" bits a byte\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("same likeliest token in 100.00 %", result.Out, StringComparison.Ordinal);
    }

    private static CliResult Run(string model, string text, params string[] options) => InProcess.Run(["perplexity", model, "-f", text, "--json", .. options]);
}
