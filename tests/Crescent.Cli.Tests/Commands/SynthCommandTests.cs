using Crescent.Engine.Synthesis;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class SynthCommandTests
{
    public static TheoryData<string> Tiny =>
        [.. SynthPreset.Names.Where(name => name.StartsWith("tiny-", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Tiny))]
    public void A_tiny_model_is_written_and_runs(string preset)
    {
        using var folder = new TemporaryFolder();
        var json = InProcess.Run("synth", preset, folder["model.gguf"], "--seed", "3", "--json").Json;
        Assert.Equal(folder["model.gguf"], json.GetProperty("path").GetString());
        Assert.Equal(new FileInfo(folder["model.gguf"]).Length, json.GetProperty("bytes").GetInt64());
        Assert.Equal(preset, json.GetProperty("preset").GetString());
        Assert.Equal(3UL, json.GetProperty("seed").GetUInt64());
        var answer = InProcess.Run("run", folder["model.gguf"], "-p", "Hello", "--system", "Be brief", "-n", "4", "--ignore-eos", "--temp", "0", "--json").Json;
        Assert.Equal(4, answer.GetProperty("generatedTokens").GetInt32());
        Assert.True(InProcess.Run("inspect", folder["model.gguf"], "--json").Json.GetProperty("supported").GetBoolean());
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_whatever_the_threads()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("synth", "tiny-llama-3.2-1b", folder["a.gguf"], "--seed", "1", "-t", "1").Succeeded();
        InProcess.Run("synth", "tiny-llama-3.2-1b", folder["b.gguf"], "--seed", "1", "-t", "2").Succeeded();
        InProcess.Run("synth", "tiny-llama-3.2-1b", folder["c.gguf"], "--seed", "2").Succeeded();
        Assert.Equal(File.ReadAllBytes(folder["a.gguf"]), File.ReadAllBytes(folder["b.gguf"]));
        Assert.NotEqual(File.ReadAllBytes(folder["a.gguf"]), File.ReadAllBytes(folder["c.gguf"]));
    }

    [Theory]
    [InlineData("q8_0")]
    [InlineData("Q4_K")]
    [InlineData("bf16")]
    public void The_type_is_that_of_every_matrix(string type)
    {
        using var folder = new TemporaryFolder();
        var text = InProcess.Run("synth", "tiny-llama-3.2-1b", folder["m.gguf"], "--type", type, "--layers", "1").Succeeded();
        Assert.StartsWith($"{folder["m.gguf"]}: tiny-llama-3.2-1b, {type.ToUpperInvariant()}", text.Out, StringComparison.Ordinal);
        var json = InProcess.Run("inspect", folder["m.gguf"], "--json").Json;
        Assert.Equal(1, json.GetProperty("shape").GetProperty("layers").GetInt32());
        Assert.True(json.GetProperty("bytesByType").TryGetProperty(type.ToUpperInvariant(), out _));
    }

    [Theory]
    [InlineData("tiny-kimi-k2", "safetensors", "", "F8_E4M3")]
    [InlineData("tiny-kimi-k2-thinking", "safetensors", "", "INT4_G32")]
    [InlineData("tiny-kimi-k2", "safetensors", "int4", "INT4_G32")]
    [InlineData("tiny-llama-3.2-1b", "safetensors", "fp8", "F8_E4M3")]
    [InlineData("tiny-qwen3-30b-a3b", "safetensors", "bf16", "BF16")]
    [InlineData("tiny-deepseek-v3", "safetensors", "f16", "F16")]
    [InlineData("tiny-gpt-oss-20b", "safetensors", "mxfp4", "MXFP4_SPLIT")]
    [InlineData("tiny-grok-1", "grok", "int8", "INT8_KN")]
    public void A_tiny_model_in_its_published_form_runs_as_the_GGUF_does(string preset, string format, string type, string expected)
    {
        using var folder = new TemporaryFolder();
        string[] asked = type.Length == 0 ? [] : ["--type", type];
        var json = InProcess.Run(["synth", preset, folder["model"], "--format", format, "--seed", "3", "--json", .. asked]).Json;
        Assert.Equal((folder["model"], expected), (json.GetProperty("path").GetString(), json.GetProperty("type").GetString()));
        var files = Directory.GetFiles(folder["model"], "*", SearchOption.AllDirectories);
        Assert.Equal(files.Sum(file => new FileInfo(file).Length), json.GetProperty("bytes").GetInt64());
        InProcess.Run("synth", preset, folder["model.gguf"], "--seed", "3", "--type", "f32").Succeeded();
        Assert.Equal(Answer("model.gguf"), Answer("model"));
        Assert.True(InProcess.Run("inspect", folder["model"], "--json").Json.GetProperty("supported").GetBoolean());

        string Answer(string file) => InProcess.Run(
            "run", folder[file], "-p", "Hello", "-n", "6", "--ignore-eos", "--temp", "0", "--activations", "f32", "--json").Json.GetProperty("ids").GetRawText();
    }

    [Fact]
    public void An_older_file_is_replaced()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("model.gguf", new byte[8 << 20]);
        InProcess.Run("synth", "tiny-llama-3.2-1b", path).Succeeded();
        InProcess.Run("inspect", path).Succeeded();
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_folder_with_files_in_it_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", [1]);
        InProcess.Run("synth", "tiny-llama-3.2-1b", folder.Path, "--format", "safetensors").Failed(1, folder.Path, "new or empty folder", "config.json");
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Bad_requests_are_told_and_leave_no_file()
    {
        using var folder = new TemporaryFolder();
        var path = folder["model.gguf"];
        InProcess.Run("synth", "nope", path).Failed(2, "'nope'", "tiny-kimi-k2");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--type", "q9").Failed(2, "--type", "'q9'", "q4_0");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--type", "iq4_xs").Failed(1, "IQ4_XS", "Q4_0");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--format", "onnx").Failed(2, "--format", "safetensors", "'onnx'");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--format", "grok").Failed(1, "tiny-kimi-k2", "Grok-1");
        InProcess.Run("synth", "tiny-llama-3.2-1b", path, "--format", "safetensors", "--type", "int4").Failed(1, "INT4_G32", "F8_E4M3");
        InProcess.Run("synth", "tiny-kimi-k2", folder.Path, "--format", "safetensors", "--layers", "9").Failed(2, "1..3");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--layers", "0").Failed(2, "--layers: expected 1..3, found 0");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--layers", "4").Failed(2, "--layers: expected 1..3, found 4");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--threads", "0").Failed(2, "--threads: expected 1..1024, found 0");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--seed", "x").Failed(2, "--seed: expected a whole number, found 'x'");
        InProcess.Run("synth", "tiny-kimi-k2", path, "--type", "mxfp4").Failed(1, "MXFP4", "Q4_0");
        InProcess.Run("synth", "tiny-kimi-k2", Path.Combine(folder["none"], "x.gguf")).Failed(1, folder["none"], "no folder");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Too_little_room_is_told_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        Assert.SkipWhen(new DriveInfo(folder.Path).AvailableFreeSpace > 2_500_000_000_000, "this drive has room for Kimi K2 in F32");
        InProcess.Run("synth", "kimi-k2", folder["k2.gguf"], "--type", "f32").Failed(1, folder["k2.gguf"], "needs", "free");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void An_interrupt_ends_it_with_130_and_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        var result = InProcess.RunWith("", interrupt.Token, "synth", "tiny-kimi-k2", folder["model.gguf"]);
        Assert.Equal(130, result.ExitCode);
        Assert.Contains("interrupted", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }
}
