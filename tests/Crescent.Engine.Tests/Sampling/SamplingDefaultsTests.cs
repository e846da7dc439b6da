using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Runtime.Sampling;
using Xunit;

namespace Crescent.Tests.Sampling;

public sealed class SamplingDefaultsTests
{
    [Theory]
    [InlineData("deepseek2", "Kimi K2 Instruct", 0.6f, 1f, 0)]
    [InlineData("deepseek2", "Kimi-K2-Instruct-0905", 0.6f, 1f, 0)]
    [InlineData("deepseek2", "Kimi K2 Thinking", 1f, 1f, 0)]
    [InlineData("deepseek2", "Kimi-K2.5", 1f, 0.95f, 0)]
    [InlineData("qwen3moe", "Qwen3 30B A3B", 0.6f, 0.95f, 20)]
    [InlineData("qwen3moe", "Qwen3-30B-A3B-Instruct-2507", 0.7f, 0.8f, 20)]
    [InlineData("qwen3moe", null, 0.6f, 0.95f, 20)]
    [InlineData("gpt-oss", "anything", 1f, 1f, 0)]
    [InlineData("deepseek2", "DeepSeek R1", 0.6f, 0.95f, 0)]
    [InlineData("llama", "Llama 3.2", 0.8f, 0.95f, 40)]
    [InlineData("grok", "Grok-1", 0.8f, 0.95f, 40)]
    [InlineData(null, null, 0.8f, 0.95f, 40)]
    public void A_recognised_model_brings_its_settings(string? architecture, string? name, float temperature, float topP, int topK)
    {
        var (options, source) = SamplingDefaults.For(architecture, name);
        Assert.Equal((temperature, topP, topK), (options.Temperature, options.TopP, options.TopK));
        Assert.NotEmpty(source);
    }

    [Fact]
    public void The_files_own_settings_come_first()
    {
        using var checkpoint = GgufCheckpoint.Open(SharedData.Path("golden-models", "g-qwen3moe.gguf"));
        var metadata = checkpoint.Metadata.With(new[] { "general.sampling.temp=float:0.25", "general.sampling.top_k=int:7" }.Select(GgufOverride.Parse));
        var (options, source) = SamplingDefaults.For(metadata);
        Assert.Equal((0.25f, 7, 0.95f), (options.Temperature, options.TopK, options.TopP));
        Assert.Contains("general.sampling", source, StringComparison.Ordinal);
        Assert.Equal(0.6f, SamplingDefaults.For(checkpoint.Metadata).Options.Temperature);
    }

    [Fact]
    public void What_the_user_gives_overrides_what_the_model_says()
    {
        var options = new SamplingOverrides { Temperature = 0, Seed = 9 }.Over(SamplingDefaults.For("qwen3moe", null).Options);
        Assert.Equal((0f, 20, 9UL), (options.Temperature, options.TopK, options.Seed));
    }

    [Fact]
    public void A_file_whose_sampling_is_out_of_range_is_refused()
    {
        using var checkpoint = GgufCheckpoint.Open(SharedData.Path("golden-models", "g-qwen3moe.gguf"));
        var metadata = checkpoint.Metadata.With([GgufOverride.Parse("general.sampling.temp=float:-3")]);
        Assert.Contains("general.sampling", Assert.Throws<CheckpointException>(() => SamplingDefaults.For(metadata)).Message, StringComparison.Ordinal);
    }
}
