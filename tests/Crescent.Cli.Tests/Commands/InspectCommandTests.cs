using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class InspectCommandTests
{
    public static TheoryData<string> Goldens => [.. Models.GoldenNames];

    public static TheoryData<string> Vocabularies =>
        ["ggml-vocab-gpt-2", "ggml-vocab-llama-spm", "ggml-vocab-baichuan", "ggml-vocab-deepseek-coder", "ggml-vocab-deepseek-llm"];

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Golden_models_are_described(string name)
    {
        var path = Models.Golden(name);
        var text = InProcess.Run("inspect", path).Succeeded();
        Assert.Equal("", text.Error);
        Assert.All(["architecture", "shape", "cache", "bytes by role", "attention", "embeddings", "bytes by type", "sampling", "tensors"], word => Assert.Contains(word, text.Out, StringComparison.Ordinal));
        var json = InProcess.Run("inspect", path, "--json").Json;
        JsonAssert.HasFields(json, "path", "files", "bytes", "architecture", "supported", "shape", "bytesByRole", "bytesByType", "resident", "sampling", "notes", "tensors", "metadata");
        Assert.True(json.GetProperty("supported").GetBoolean());
        Assert.Equal(512, json.GetProperty("shape").GetProperty("vocab").GetInt32());
        Assert.Equal(new FileInfo(path).Length, json.GetProperty("bytes").GetInt64());
        var tensors = json.GetProperty("tensors").EnumerateArray().Sum(tensor => tensor.GetProperty("bytes").GetInt64());
        Assert.Equal(tensors, json.GetProperty("bytesByRole").EnumerateObject().Sum(role => role.Value.GetInt64()));
        Assert.Equal(tensors, json.GetProperty("bytesByType").EnumerateObject().Sum(type => type.Value.GetInt64()));
    }

    [Fact]
    public void A_state_of_constant_size_is_told_beside_the_cache()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("synth", "tiny-kimi-linear", folder["m.gguf"], "--layers", "4").Succeeded();
        Assert.Contains("and a state of 822.0 KiB a sequence", InProcess.Run("inspect", folder["m.gguf"]).Succeeded().Out, StringComparison.Ordinal);
        var json = InProcess.Run("inspect", folder["m.gguf"], "--json").Json;
        Assert.Equal(3 * ((3 * 3 * 512) + (4 * 128 * 128)) * sizeof(float), json.GetProperty("shape").GetProperty("stateBytesPerSequence").GetInt64());
        Assert.False(json.GetProperty("bytesByRole").TryGetProperty("other", out _));
        Assert.DoesNotContain("a sequence", InProcess.Run("inspect", Models.Stories).Succeeded().Out, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void What_cannot_be_run_is_described_all_the_same(string name)
    {
        var path = SharedData.Path("ggml-vocab", $"{name}.gguf");
        Assert.Contains("cannot be run", InProcess.Run("inspect", path).Succeeded().Out, StringComparison.Ordinal);
        var json = InProcess.Run("inspect", path, "--json").Json;
        Assert.False(json.GetProperty("supported").GetBoolean());
        Assert.NotEqual(0, json.GetProperty("metadata").GetArrayLength());
    }

    [Fact]
    public void A_tokenizer_of_an_unknown_kind_leaves_the_template_open()
    {
        var text = InProcess.Run("inspect", Models.Stories, "--override-kv", "tokenizer.ggml.model=str:unheard-of").Succeeded().Out;
        Assert.Contains("template       unknown", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_tensor_and_value_is_listed_on_request()
    {
        var text = InProcess.Run("inspect", Models.Stories, "--tensors").Succeeded().Out;
        Assert.Contains("blk.4.ffn_down.weight", text, StringComparison.Ordinal);
        Assert.Contains("tokenizer.ggml.model (", text, StringComparison.Ordinal);
        Assert.DoesNotContain("blk.4.ffn_down.weight", InProcess.Run("inspect", Models.Stories).Out, StringComparison.Ordinal);
    }
}
