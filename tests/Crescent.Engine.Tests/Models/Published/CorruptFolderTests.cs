using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Kernels;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Models.Published;

/// <summary>A folder one of whose files is damaged is refused in one line or runs; nothing else. <c>CRESCENT_FUZZ=1000</c> tries a thousand damages a folder.</summary>
public sealed class CorruptFolderTests
{
    private const int UsualSeeds = 25;
    private const long MostBytes = 64 << 20;

    public static TheoryData<string> Folders =>
    [
        .. PublishedModels.OnePerForm, "llama-3.1", "qwen3", "kimi-linear", "baichuan-7b", "grok-1-transformer",
    ];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_damaged_folder_is_refused_or_runs(string name)
    {
        var original = PublishedModels.FolderOf(name);
        using var folder = new TemporaryFolder();
        var files = Directory.GetFiles(original, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => Path.GetRelativePath(original, file)).ToArray();
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(file))!);
            File.Copy(Path.Combine(original, file), folder.File(file));
        }

        var (failures, refused, seeds) = (new List<string>(), 0, Fuzz.Seeds(UsualSeeds));
        for (var seed = 0; seed < seeds; seed++)
        {
            var file = files[new Random(seed).Next(files.Length)];
            var intact = File.ReadAllBytes(Path.Combine(original, file));
            Replace(folder.File(file), Corruption.Corrupt(intact, seed));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Run(folder.Path, seed);
            }
            catch (Exception exception) when (exception is CheckpointException or NotSupportedException)
            {
                refused++;
                if (string.IsNullOrWhiteSpace(exception.Message) || exception.Message.Any(char.IsControl) || exception.Message.Length > 2000)
                {
                    failures.Add($"seed {seed}, {file}: expected a message of one line, found '{exception.Message}'");
                }
            }
            catch (Exception exception)
            {
                failures.Add($"seed {seed}, {file}: {exception}");
            }

            if (GC.GetAllocatedBytesForCurrentThread() - before > MostBytes)
            {
                failures.Add($"seed {seed}, {file}: {GC.GetAllocatedBytesForCurrentThread() - before} bytes allocated");
            }

            Replace(folder.File(file), intact);
        }

        Assert.True(failures.Count == 0, $"{name}, {failures.Count} of {seeds}:\n{string.Join('\n', failures.Take(5))}");
        Assert.True(refused > 0, "expected some damages to be refused, found none");
        Run(folder.Path, 0); // whole again
    }

    // Some recode what they load: damaged weights are met there as well.
    private static void Run(string path, int seed)
    {
        using var checkpoint = Checkpoint.Open(path);
        using var model = ModelLoader.Load(
            checkpoint, checkpoint.Metadata, LoadedModel.Plain with { MaxBatchTokens = 4, ResidentType = seed % 4 == 3 ? DType.Q4_0 : null }, out _);
        int[] tokens = [.. TestModels.Tokens().Take(4).Select(id => id % model.Shape.Vocab)];
        var positions = 0;
        Scorer.Run(model, tokens, 4, (_, logits) => positions += logits.Length == model.Shape.Vocab ? 1 : 0);
        Assert.Equal(tokens.Length, positions);
    }

    // A new file each time: some file systems write one that was cut short out at once, a new one later.
    private static void Replace(string path, byte[] bytes)
    {
        File.Delete(path);
        File.WriteAllBytes(path, bytes);
    }
}
