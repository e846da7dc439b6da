using System.Globalization;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Models;

/// <summary>Damaged models are refused in one line or run; nothing else. <c>CRESCENT_FUZZ=1000</c> tries a thousand damages a file.</summary>
public sealed class CorruptModelTests
{
    private const int DefaultSeeds = 20;

    public static TheoryData<string> Models => TestModels.Rows([.. TestModels.Golden, "tiny-kimi-linear", .. TestModels.Referenced.Select(model => model.Name)]);

    [Theory]
    [MemberData(nameof(Models))]
    public void A_damaged_model_is_refused_or_runs(string name)
    {
        var seeds = int.TryParse(Environment.GetEnvironmentVariable("CRESCENT_FUZZ"), CultureInfo.InvariantCulture, out var asked) ? asked : DefaultSeeds;
        using var folder = new TemporaryFolder();
        var original = File.ReadAllBytes(TestModels.PathOf(name));
        var failures = new List<string>();
        var (refused, ran) = (0, 0);
        for (var seed = 0; seed < seeds; seed++)
        {
            var path = folder.File("damaged.gguf");
            File.WriteAllBytes(path, Corruption.Corrupt(original, seed));
            try
            {
                Run(path);
                ran++;
            }
            catch (Exception exception) when (exception is CheckpointException or NotSupportedException)
            {
                refused++;
                if (string.IsNullOrWhiteSpace(exception.Message) || exception.Message.Contains('\n', StringComparison.Ordinal))
                {
                    failures.Add($"seed {seed}: expected a message of one line, found '{exception.Message}'");
                }
            }
            catch (Exception exception)
            {
                failures.Add($"seed {seed}: {exception}");
            }
        }

        Assert.True(failures.Count == 0, $"{name}, {failures.Count} of {seeds}:\n{string.Join('\n', failures.Take(5))}");
        Assert.True(refused > 0 && ran > 0, $"expected damages of both kinds, found {refused} refused and {ran} run");
    }

    private static void Run(string path)
    {
        using var checkpoint = GgufCheckpoint.Open(path);
        using var model = ModelLoader.Load(checkpoint, checkpoint.Metadata, LoadedModel.Plain with { MaxBatchTokens = 4 }, out _);
        _ = GgufTokenizer.Read(checkpoint.Metadata, path);
        int[] tokens = [.. TestModels.Tokens().Take(4).Select(id => id % model.Shape.Vocab)];
        var positions = 0;
        Scorer.Run(model, tokens, 4, (position, logits) => positions += logits.Length == model.Shape.Vocab ? 1 : 0);
        Assert.Equal(tokens.Length, positions);
    }
}
