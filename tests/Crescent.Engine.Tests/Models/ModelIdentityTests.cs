using Crescent.Engine.Models;
using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>What makes cached values another model's, and what does not.</summary>
public sealed class ModelIdentityTests
{
    [Fact]
    public void All_that_changes_values_changes_the_identity_and_nothing_else_does()
    {
        using var model = LoadedModel.Open("g-moonlight");
        var plain = LoadedModel.Plain;
        var expected = model.Identity(plain);
        Assert.Equal(32, expected.Length);
        Assert.Equal(expected, model.Identity(plain with { Threads = 2, MaxBatchTokens = 7, Isa = IsaLevel.Portable, MoveWeights = false }));
        var others = new[]
        {
            model.Identity(plain with { KvType = KvType.Q8_0 }), model.Identity(plain with { Mla = MlaForm.Absorbed }), model.Identity(plain with { Activations = ActivationType.F32 }),
            model.Identity(plain with { ResidentType = DType.Q8_0 }), model.Identity(plain, "deepseek2.rope.freq_base=float:9000"),
        };
        Assert.Equal(others.Length + 1, others.Append(expected).Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void Other_weights_of_the_same_size_and_time_are_another_model()
    {
        var folder = Directory.CreateTempSubdirectory("crescent-identity-");
        var (path, time) = (Path.Combine(folder.FullName, "model.gguf"), new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        var bytes = File.ReadAllBytes(TestModels.PathOf("g-moonlight"));
        byte[] Identity(byte[] content, DateTime written)
        {
            File.WriteAllBytes(path, content);
            File.SetLastWriteTimeUtc(path, written);
            using var model = LoadedModel.OpenFile(path);
            return model.Identity(LoadedModel.Plain);
        }

        var expected = Identity(bytes, time);
        Assert.Equal(expected, Identity(bytes, time));
        Assert.NotEqual(expected, Identity(bytes, time.AddSeconds(1)));
        var changed = (byte[])bytes.Clone();
        for (var i = changed.Length / 2; i < changed.Length; i += 3000)
        {
            changed[i] ^= 1; // less than a sample apart
        }

        Assert.NotEqual(expected, Identity(changed, time));
        folder.Delete(recursive: true);
    }
}
