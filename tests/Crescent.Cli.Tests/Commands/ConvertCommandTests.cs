using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class ConvertCommandTests
{
    [Fact]
    public void A_model_is_quantised_and_runs()
    {
        using var folder = new TemporaryFolder();
        var json = InProcess.Run("quantize", Models.Golden("g-llama"), folder["small.gguf"], "--type", "q8_0", "--only", "attn_v=F16", "--json").Json;
        Assert.Equal(folder["small.gguf"], json.GetProperty("path").GetString());
        Assert.Equal(new FileInfo(folder["small.gguf"]).Length, json.GetProperty("bytes").GetInt64());
        Assert.Equal("Q8_0", json.GetProperty("type").GetString());
        Assert.True(json.GetProperty("bytesByType").GetProperty("F16").GetInt64() > 0);
        JsonAssert.HasFields(json, "files", "layout", "tensors", "notices", "seconds");
        Assert.True(InProcess.Run("inspect", folder["small.gguf"], "--json").Json.GetProperty("supported").GetBoolean());
        Assert.Equal(4, InProcess.Run("run", folder["small.gguf"], "--raw", "-p", "Once", "-n", "4", "--ignore-eos", "--json").Json.GetProperty("generatedTokens").GetInt32());
    }

    [Fact]
    public void Without_a_type_values_are_kept()
    {
        using var folder = new TemporaryFolder();
        var text = InProcess.Run("convert", Models.Stories, folder["copy.gguf"]).Succeeded();
        Assert.StartsWith($"{folder["copy.gguf"]}: values as they were, ", text.Out, StringComparison.Ordinal);
        var before = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once", "-n", "8", "--temp", "0", "--json").Json;
        var after = InProcess.Run("run", folder["copy.gguf"], "--raw", "-p", "Once", "-n", "8", "--temp", "0", "--json").Json;
        Assert.Equal(before.GetProperty("text").GetString(), after.GetProperty("text").GetString());
    }

    [Fact]
    public void A_split_size_writes_shards()
    {
        using var folder = new TemporaryFolder();
        var json = InProcess.Run("convert", Models.Golden("g-llama"), folder["m.gguf"], "--split-size", "200kB", "--json").Json;
        var files = json.GetProperty("files").EnumerateArray().Select(file => file.GetString()!).ToArray();
        Assert.True(files.Length > 1);
        Assert.EndsWith($"m-00001-of-{files.Length:D5}.gguf", files[0], StringComparison.Ordinal);
        InProcess.Run("inspect", files[0]).Succeeded();
    }

    [Fact]
    public void Importance_is_read_and_what_it_lacks_is_noted()
    {
        using var folder = new TemporaryFolder();
        var path = folder["importance.gguf"];
        new Engine.Conversion.ImportanceMatrix
        {
            Entries = new Dictionary<string, Engine.Conversion.ImportanceEntry> { ["blk.0.ffn_up.weight"] = new([.. Enumerable.Repeat(2f, InnerWidth())], [1]) },
        }.Save(path);
        var result = InProcess.Run("quantize", Models.Golden("g-llama"), folder["m.gguf"], "--type", "q4_0", "--imatrix", path).Succeeded();
        Assert.Contains("note: ", result.Error, StringComparison.Ordinal);
        Assert.Contains("have no importance", result.Error, StringComparison.Ordinal);

        static int InnerWidth() => InProcess.Run("inspect", Models.Golden("g-llama"), "--json").Json.GetProperty("shape").GetProperty("hidden").GetInt32();
    }

    [Fact]
    public void Bad_requests_are_told_and_leave_no_file()
    {
        using var folder = new TemporaryFolder();
        var (model, path) = (Models.Golden("g-llama"), folder["out.gguf"]);
        InProcess.Run("quantize", model, path).Failed(2, "--type");
        InProcess.Run("quantize", model, path, "--type", "q9").Failed(2, "--type", "\"q9\"", "Q4_K_M");
        InProcess.Run("convert", model, path, "--only", "x").Failed(2, "--only", "PATTERN=TYPE");
        InProcess.Run("convert", model, path, "--only", "nothing_such=Q8_0").Failed(1, "\"nothing_such\"");
        InProcess.Run("convert", model, path, "--split-size", "big").Failed(2, "--split-size", "'big'");
        InProcess.Run("convert", model, path, "--to", "onnx").Failed(2, "--to", "records");
        InProcess.Run("convert", model, path, "-t", "0").Failed(2, "--threads: expected 1..1024, found 0");
        InProcess.Run("convert", model, model).Failed(1, "another output");
        InProcess.Run("convert", folder["none.gguf"], path).Failed(1, "no such file");
        InProcess.Run("convert", model, Path.Combine(folder["none"], "x.gguf")).Failed(1, folder["none"]);
        InProcess.Run("convert", model, path, "--imatrix", model).Failed(1, "importance");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void An_interrupt_ends_it_with_130()
    {
        using var folder = new TemporaryFolder();
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        var result = InProcess.RunWith("", interrupt.Token, "quantize", Models.Golden("g-llama"), folder["m.gguf"], "--type", "q8_0");
        Assert.Equal(130, result.ExitCode);
        Assert.Contains("interrupted", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["m.gguf"]));
    }

    [Theory]
    [InlineData("8GB", 8_000_000_000)]
    [InlineData("8GiB", 8L << 30)]
    [InlineData("8G", 8L << 30)]
    [InlineData("1.5M", 3L << 19)]
    [InlineData("20kB", 20_000)]
    [InlineData("512", 512)]
    [InlineData("512 B", 512)]
    public void Sizes_have_units(string text, long bytes)
    {
        Assert.True(Cli.Sizes.TryParse(text, out var parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GB")]
    [InlineData("-1GB")]
    [InlineData("1X")]
    [InlineData("1GBB")]
    [InlineData("99999999999999999999T")]
    public void What_is_no_size_is_refused(string text) => Assert.False(Cli.Sizes.TryParse(text, out _));
}
