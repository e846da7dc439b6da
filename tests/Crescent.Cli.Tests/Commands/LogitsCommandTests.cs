using System.Runtime.InteropServices;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class LogitsCommandTests
{
    [Fact]
    public void Logits_equal_those_of_the_reference()
    {
        using var folder = new TemporaryFolder();
        var tokens = File.ReadAllText(SharedData.Path("golden-models", "tokens.txt"));
        var result = InProcess.Run("logits", Models.Golden("g-llama"), "--tokens", tokens, "--out", folder["logits"], "--kv-type", "f32").Succeeded();
        Assert.Equal("", result.Out);
        var found = Floats(folder["logits"]);
        var expected = Floats(SharedData.Path("golden-models", "g-llama.logits.f32"));
        Assert.Equal(expected.Length, found.Length);
        Assert.True(expected.Zip(found, (a, b) => Math.Abs(a - b)).Max() < 2e-4f);
    }

    [Fact]
    public void The_chunk_changes_no_bit()
    {
        using var folder = new TemporaryFolder();
        var tokens = SharedData.Path("golden-models", "tokens.txt");
        byte[] Logits(string chunk)
        {
            InProcess.Run("logits", Models.Golden("g-kimi-k2-q4_0"), "--tokens-file", tokens, "--out", folder["logits"], "--chunk", chunk).Succeeded();
            return File.ReadAllBytes(folder["logits"]);
        }

        var whole = Logits("64");
        Assert.Equal(64 * 512 * 4, whole.Length);
        Assert.Equal(whole, Logits("1"));
        Assert.Equal(whole, Logits("7"));
        Assert.Equal(whole, Logits("4096"));
    }

    [Fact]
    public void Json_tells_what_was_written()
    {
        using var folder = new TemporaryFolder();
        var json = InProcess.Run("logits", Models.Stories, "--tokens", "1,403", "--out", folder["logits"], "--json").Json;
        Assert.Equal(folder["logits"], json.GetProperty("out").GetString());
        Assert.Equal(2, json.GetProperty("tokens").GetInt32());
        Assert.Equal(512, json.GetProperty("vocab").GetInt32());
        Assert.True(json.GetProperty("finite").GetBoolean());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("4097")]
    public void The_chunk_has_bounds(string chunk) =>
        InProcess.Run("logits", Models.Stories, "--tokens", "1", "--out", "x", "--chunk", chunk).Failed(2, $"--chunk: expected 1..4096, found {chunk}");

    [Fact]
    public void A_token_outside_the_vocabulary_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("logits", Models.Stories, "--tokens", "1,512", "--out", folder["logits"]).Failed(1, "vocabulary of 512", "found 512");
        Assert.False(File.Exists(folder["logits"]));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_told()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("logits", Models.Stories, "--tokens", "1", "--out", Path.Combine(folder["none"], "x")).Failed(1, "--out", "no folder", folder["none"]);
        InProcess.Run("logits", Models.Stories, "--tokens", "1", "--out", folder.Path).Failed(1, "--out", "found a folder");
    }

    private static float[] Floats(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();
}
