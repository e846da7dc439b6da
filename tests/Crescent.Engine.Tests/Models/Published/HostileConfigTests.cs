using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Models.Published;

/// <summary>Whatever a config.json says is refused in one line or run.</summary>
public sealed class HostileConfigTests
{
    private const int UsualDamages = 150;
    private const long MostBytes = 64 << 20;

    public static TheoryData<string> Models =>
        ["llama-3.1", "qwen2", "mistral", "baichuan-7b", "kimi-linear", "kimi-k2-fp8", "kimi-k2-thinking", "deepseek-v3", "qwen3-moe", "gpt-oss", "grok-1-moe-block", "grok-2"];

    /// <summary>An even share of all damages, or as many as <c>CRESCENT_FUZZ</c> says.</summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void A_damaged_configuration_is_refused_or_runs(string name)
    {
        var (failures, refused, ran) = (new List<string>(), 0, 0);
        using var folder = CopyOf(name);
        var damages = ConfigDamage.All(PublishedModels.Named(name).Config).ToArray();
        var count = Math.Min(damages.Length, Fuzz.Seeds(UsualDamages));
        for (var i = 0; i < count; i++)
        {
            var (what, text) = damages[(int)((long)i * damages.Length / count)];
            File.WriteAllText(folder.File("config.json"), text);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Run(folder.Path);
                ran++;
            }
            catch (Exception exception) when (exception is CheckpointException or NotSupportedException)
            {
                refused++;
                if (string.IsNullOrWhiteSpace(exception.Message) || exception.Message.Any(char.IsControl) || exception.Message.Length > 2000)
                {
                    failures.Add($"{what}: expected a message of one line, found '{exception.Message}'");
                }
            }
            catch (Exception exception)
            {
                failures.Add($"{what}: {exception}");
            }

            if (GC.GetAllocatedBytesForCurrentThread() - before > MostBytes)
            {
                failures.Add($"{what}: {GC.GetAllocatedBytesForCurrentThread() - before} bytes allocated");
            }
        }

        Assert.True(failures.Count == 0, $"{name}, {failures.Count} of {count}:\n{string.Join('\n', failures.Take(5))}");
        Assert.True(refused > 0 && ran > 0, $"expected damages of both kinds, found {refused} refused and {ran} run");
    }

    internal static void Run(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
        using var model = ModelLoader.Load(checkpoint, checkpoint.Metadata, LoadedModel.Plain with { MaxBatchTokens = 2 }, out _);
        var positions = 0;
        Scorer.Run(model, [1, 2], 2, (_, logits) => positions += logits.Length == model.Shape.Vocab ? 1 : 0);
        Assert.Equal(2, positions);
    }

    // The tensors' files are hard to damage by a configuration: they are shared.
    private static TemporaryFolder CopyOf(string name)
    {
        var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(PublishedModels.FolderOf(name)))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        return folder;
    }
}
