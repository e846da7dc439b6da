using Crescent.Engine.Conversion;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class ImatrixCommandTests : IDisposable
{
    private const double SumBound = 3e-5; // of each value: both add squares in float32

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_dense_model_has_llama_cpps_sums()
    {
        var json = Run(Models.Stories, Goldens.WikiText, "-c", "128", "--chunks", "16", "--kv-type", "f32", "--process-output").Json;
        Assert.Equal(36, json.GetProperty("tensors").GetInt32());
        Assert.Equal(16, json.GetProperty("chunks").GetInt32());
        Assert.Equal(2048, json.GetProperty("tokens").GetInt64());
        Assert.Equal(0, json.GetProperty("partial").GetArrayLength());
        AssertEqual("stories260K.imatrix.gguf");
    }

    // Latent attention: with attn_k_b and attn_v_b a matrix a head, and with a whole attn_kv_b; experts with a count each.
    [Theory]
    [InlineData("g-kimi-k2")]
    [InlineData("g-kimi-k2-legacy-kvb")]
    public void A_mixture_with_latent_attention_has_llama_cpps_sums(string name)
    {
        Run(Models.Golden(name), Goldens.BeginningOfWikiText(_folder, 6000), "-c", "64", "--chunks", "4", "--kv-type", "f32").Succeeded();
        AssertEqual($"{name}.imatrix.gguf");
    }

    [Fact]
    public void The_head_is_measured_when_it_is_asked_for()
    {
        var text = _folder.Write("text", Goldens.Words(64));
        Run(Models.Golden("g-llama-tied-q"), text, "-c", "32").Succeeded();
        Assert.All(Found().Entries.Keys, name => Assert.StartsWith("blk.", name, StringComparison.Ordinal));
        Run(Models.Golden("g-llama-tied-q"), text, "-c", "32", "--process-output").Succeeded();
        Assert.Contains("token_embd.weight", Found().Entries.Keys); // tied
    }

    [Fact]
    public void Experts_without_a_token_are_told()
    {
        var result = Run(Models.Golden("g-kimi-k2-q4_0"), _folder.Write("text", "a"), "-c", "16");
        var partial = result.Json.GetProperty("partial").EnumerateArray().Select(tensor => tensor.GetProperty("name").GetString()).ToArray();
        Assert.Contains("blk.1.ffn_up_exps.weight", partial);
        Assert.Contains("saw no token of this text", result.Error, StringComparison.Ordinal);
        Assert.Contains(0, Found().Entries["blk.1.ffn_up_exps.weight"].Counts);
    }

    [Fact]
    public void A_short_text_is_one_context_and_an_empty_one_none()
    {
        var json = Run(Models.Stories, _folder.Write("short", "once upon a time"), "-c", "64").Json;
        Assert.Equal(1, json.GetProperty("chunks").GetInt32());
        Assert.Equal(json.GetProperty("context").GetInt64(), json.GetProperty("tokens").GetInt64());
        Run(Models.Golden("g-kimi-k2-q4_0"), _folder.Write("empty", ""), "-c", "64").Failed(1, "--file", "at least one token");
    }

    [Fact]
    public void The_file_says_what_was_measured()
    {
        var text = _folder.Write("text", Goldens.Words(200));
        Run(Models.Stories, text, "-c", "16", "--chunks", "3").Succeeded();
        var found = Found();
        Assert.Equal([text], found.Datasets);
        Assert.Equal((3, 16), (found.ChunkCount, found.ChunkSize));
        Assert.All(found.Entries.Values, entry => Assert.Equal([48f], entry.Counts));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_told_before_the_work()
    {
        var text = _folder.Write("text", "once");
        CliResult To(string path) => InProcess.Run("imatrix", "/nonexistent.gguf", "-f", text, "--out", path);
        To(Path.Combine(_folder["none"], "x")).Failed(1, "--out", "no folder", _folder["none"]);
        To(_folder.Path).Failed(1, "--out", "found a folder");
        To(_folder["fine"]).Failed(1, "/nonexistent.gguf");
        Assert.Equal([text], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void An_interrupt_keeps_what_was_measured()
    {
        using var cancellation = new CancellationTokenSource();
        var result = InProcess.Watch(line => cancellation.Cancel(), cancellation.Token, "imatrix", Models.Stories, "-f", Goldens.WikiText, "-c", "64", "--out", _folder["out"]);
        Assert.Equal(130, result.ExitCode);
        var found = Found();
        Assert.InRange(found.ChunkCount, 1, 12000);
        Assert.Contains($"holds what {found.ChunkCount} of ", result.Error, StringComparison.Ordinal);
        Assert.EndsWith("crescent: interrupted\n", result.Error, StringComparison.Ordinal);
        Assert.Equal([_folder["out"]], Directory.GetFiles(_folder.Path));
    }

    private CliResult Run(string model, string text, params string[] options) => InProcess.Run(["imatrix", model, "-f", text, "--out", _folder["out"], "--json", .. options]);

    private ImportanceMatrix Found() => ImportanceMatrix.Load(_folder["out"]);

    private void AssertEqual(string golden)
    {
        var (expected, found) = (ImportanceMatrix.Load(Goldens.Measure(golden)), Found());
        Assert.Equal((expected.ChunkCount, expected.ChunkSize), (found.ChunkCount, found.ChunkSize));
        Assert.Equal(expected.Entries.Keys.Order(StringComparer.Ordinal), found.Entries.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, entry) in expected.Entries)
        {
            Assert.Equal(entry.Counts, found.Entries[name].Counts);
            Assert.Equal(entry.Sums.Length, found.Entries[name].Sums.Length);
            for (var i = 0; i < entry.Sums.Length; i++)
            {
                var (theirs, ours) = (entry.Sums[i], found.Entries[name].Sums[i]);
                Assert.True(Math.Abs(theirs - ours) <= SumBound * theirs, $"{name}, value {i}: expected {theirs}, found {ours}");
            }
        }
    }
}
