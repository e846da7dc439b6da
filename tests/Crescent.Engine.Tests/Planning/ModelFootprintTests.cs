using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Planning;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Planning;

public sealed class ModelFootprintTests
{
    public static TheoryData<string> Tiny => [.. SynthPreset.Names.Where(name => name.StartsWith("tiny-", StringComparison.Ordinal))];

    // The model card's and the release's own numbers.
    [Fact]
    public void Kimi_K2_is_as_large_as_published()
    {
        var model = PlannedModels.KimiK2();
        Assert.Equal(60, model.ExpertLayers.Count);
        Assert.All(model.ExpertLayers, layer => Assert.Equal((384, 24_772_608L), (layer.Experts, layer.ExpertBytes)));
        Assert.Equal(480 * 24_772_608L, model.ExpertBytesPerToken);
        Assert.Equal(23_040 * 24_772_608L, model.ExpertBytes);
        Assert.Equal(70_272, model.Cache.BytesPerToken);
        Assert.InRange(model.MacsPerToken, 31.0e9, 32.9e9); // 32.6 to 32.9 B active, of which the embedding's row is no product
        Assert.InRange(PlannedModels.KimiK2(DType.BF16).ResidentBytes, 20.9e9, 21.9e9); // routers are float32
    }

    [Fact]
    public void Grok_1_is_as_large_as_published()
    {
        var model = PlannedModels.Of("grok-1", DType.Q4_0);
        Assert.Equal(262_144, model.Cache.BytesPerToken);
        Assert.InRange((model.ExpertBytes + model.ResidentBytes) / 18.0 * 32, 313e9, 317e9); // 314 B weights
        Assert.Equal(0, model.EmbeddingBytes); // tied
    }

    [Theory]
    [MemberData(nameof(Tiny))]
    public void A_presets_plan_is_that_of_the_file_made_from_it(string name)
    {
        using var folder = new TemporaryFolder();
        var preset = PlannedModels.Preset(name);
        var path = folder.File("model.gguf");
        _ = SynthModel.Write(preset, new SynthOptions(), path, cancellationToken: TestContext.Current.CancellationToken);
        using var checkpoint = Checkpoint.Open(path);
        var (planned, found) = (PlannedTensor.Of(preset, DType.Q4_0), PlannedTensor.Of(checkpoint));
        Assert.Equal(
            planned.OrderBy(tensor => tensor.Name).Select(tensor => (tensor.Name, tensor.DType, tensor.Bytes)),
            found.OrderBy(tensor => tensor.Name).Select(tensor => (tensor.Name, tensor.DType, tensor.Bytes)));
        var model = ModelFootprint.Of(found, preset.ExpertsUsed);
        Assert.Equal(found.Sum(tensor => tensor.Bytes), model.ResidentBytes + model.EmbeddingBytes + model.ExpertBytes);

        using var loaded = ModelLoader.Load(checkpoint, checkpoint.Metadata, new ModelOptions { Threads = 1, MaxBatchTokens = 1 }, out _);
        Assert.Equal((loaded.CacheLayout.BytesPerToken, loaded.CacheLayout.StateBytes), (model.Cache.BytesPerToken, model.Cache.StateBytes));
    }

    [Theory]
    [InlineData("tiny-kimi-k2-thinking", DType.INT4_G32)]
    [InlineData("tiny-kimi-k2", DType.F8_E4M3)]
    [InlineData("tiny-deepseek-v3", DType.F8_E4M3)]
    public void A_release_takes_as_many_bytes_as_planned(string name, DType type)
    {
        using var folder = new TemporaryFolder();
        var preset = PlannedModels.Preset(name);
        _ = SynthModel.Write(preset, new SynthOptions { Format = SynthFormat.Safetensors, DType = type }, folder.File("model"), cancellationToken: TestContext.Current.CancellationToken);
        using var checkpoint = Checkpoint.Open(folder.File("model"));
        Assert.Equal(Tally(PlannedTensor.Of(checkpoint)), Tally(PlannedTensor.Of(preset, type)));

        static IEnumerable<(string, long)> Tally(IReadOnlyList<PlannedTensor> tensors) => tensors
            .GroupBy(tensor => TensorRole.Of(tensor.Name)).Where(role => role.Key is TensorRole.Experts or TensorRole.SharedExperts or TensorRole.FeedForward)
            .Select(role => (role.Key, role.Where(tensor => tensor.Shape.Count > 1 && !tensor.Name.EndsWith(".bias", StringComparison.Ordinal)).Sum(tensor => tensor.Bytes))).Order();
    }

    [Fact]
    public void Biases_of_experts_stay_resident_floats()
    {
        var tensors = PlannedTensor.Of(PlannedModels.Preset("tiny-gpt-oss-20b"), DType.MXFP4_SPLIT);
        var biases = tensors.Where(tensor => tensor.Name.EndsWith("_exps.bias", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(biases);
        Assert.All(biases, tensor => Assert.Equal(DType.F32, tensor.DType));
        Assert.Equal(biases.Sum(tensor => tensor.Bytes) + tensors.Where(tensor => TensorRole.Of(tensor.Name) == TensorRole.Other).Sum(tensor => tensor.Bytes), ModelFootprint.Of(tensors, 4).Resident[TensorRole.Other]);
    }

    [Fact]
    public void Recoding_what_every_token_needs_leaves_experts_and_routers()
    {
        var (plain, recoded) = (PlannedModels.KimiK2(DType.INT4_G32), PlannedModels.KimiK2(DType.INT4_G32, DType.Q4_0));
        Assert.Equal((plain.ExpertBytes, plain.EmbeddingBytes, plain.Resident["router"]), (recoded.ExpertBytes, recoded.EmbeddingBytes, recoded.Resident["router"]));
        Assert.Equal(plain.Resident["head"] * 18 / 64, recoded.Resident["head"]);
        Assert.Equal(PlannedModels.KimiK2().Resident["attention"], recoded.Resident["attention"]);
    }
}
