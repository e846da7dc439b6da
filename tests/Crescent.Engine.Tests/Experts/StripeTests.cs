using Crescent.Engine.Checkpoints;
using Crescent.Engine.Conversion;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Conversion;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Experts;

/// <summary>A model whose files lie in two folders is the model, resident and streamed.</summary>
public sealed class StripeTests
{
    private const string Name = "g-qwen3moe";

    [Theory]
    [InlineData(ConversionLayout.Gguf)]
    [InlineData(ConversionLayout.Records)]
    public void Shards_and_records_may_lie_in_two_folders(ConversionLayout layout)
    {
        using var folder = new TemporaryFolder();
        var plan = Conversions.Convert(TestModels.PathOf(Name), folder.File("first"), Conversions.Plain with { Layout = layout, SplitBytes = 200_000 });
        var first = layout == ConversionLayout.Records ? plan.Path : plan.Files[0];
        var moved = Stripe([.. plan.Files.Where(file => file != plan.Files[0] && Path.GetFileName(file) != "backbone.gguf")], folder.File("second"));
        RequireSame(first, folder.File("second"), moved.Count);
        RequireRefused(first, folder, moved[0]);
    }

    [Fact]
    public void Shards_of_safetensors_may_lie_in_two_folders()
    {
        using var folder = new TemporaryFolder();
        Assert.True(SynthPreset.TryGet("tiny-qwen3-30b-a3b", out var preset));
        var path = folder.File("first");
        var result = SynthModel.Write(preset, new SynthOptions { Format = SynthFormat.Safetensors, DType = DType.BF16, SplitBytes = 2_000_000 }, path, cancellationToken: TestContext.Current.CancellationToken);
        var tokens = Enumerable.Range(1, 16).ToArray();
        float[] expected;
        using (var whole = LoadedModel.OpenFile(path))
        {
            expected = whole.Score(tokens, 16);
        }

        var moved = Stripe(result.Files, folder.File("second"));
        foreach (var options in Ways(folder.File("second")))
        {
            using var model = LoadedModel.OpenFile(path, options);
            Logits.AssertSameBits(expected, model.Score(tokens, 16));
        }

        RequireRefused(path, folder, moved[0]);
    }

    // A copy of a file that is beside the first one is read too: stripe and mirror at once.
    [Fact]
    public void A_folder_may_hold_both_files_and_copies()
    {
        using var folder = new TemporaryFolder();
        var plan = Conversions.Convert(TestModels.PathOf(Name), folder.File("first"), Conversions.Plain with { Layout = ConversionLayout.Gguf, SplitBytes = 200_000 });
        Stripe([.. plan.Files.Skip(1)], folder.File("second"));
        File.Copy(plan.Files[0], Path.Combine(folder.File("second"), Path.GetFileName(plan.Files[0])));
        RequireSame(plan.Files[0], folder.File("second"), moved: 1);
    }

    private static void RequireSame(string path, string second, int moved)
    {
        Assert.True(moved > 0);
        var tokens = TestModels.TokensOf(Name);
        using var resident = LoadedModel.Open(Name);
        var expected = resident.Score(tokens, 64);
        foreach (var options in Ways(second))
        {
            using var model = LoadedModel.OpenFile(path, options);
            Logits.AssertSameBits(expected, model.Score(tokens, 64));
        }
    }

    private static Crescent.Engine.Models.ModelOptions[] Ways(string second)
    {
        var options = LoadedModel.Plain with { Also = [second] };
        return [options, options.With(Streamed.Slots(2) with { Also = [second] })];
    }

    // Found nowhere: the file and the folders are named.
    private static void RequireRefused(string path, TemporaryFolder folder, string moved)
    {
        File.Delete(moved);
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path, [folder.File("second")]));
        Assert.Contains(Path.GetFileName(moved), error.Message, StringComparison.Ordinal);
        Assert.Contains($"nor in {folder.File("second")}", error.Message, StringComparison.Ordinal);
    }

    // Every second file moves.
    private static List<string> Stripe(IReadOnlyList<string> files, string second)
    {
        Directory.CreateDirectory(second);
        var moved = new List<string>();
        foreach (var file in files.Where((_, i) => i % 2 == 0))
        {
            moved.Add(Path.Combine(second, Path.GetFileName(file)));
            File.Move(file, moved[^1]);
        }

        return moved;
    }
}
