using Crescent.Engine.KvCache.Snapshots;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Kernels.Attention;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Runtime;

/// <summary>Answers after a restore are those without one, bit for bit, in every kind of cache.</summary>
public sealed class RestoredPrefixTests : IDisposable
{
    private const int Context = 160;

    private static readonly int[] s_tokens = [.. TestModels.Tokens(), .. TestModels.Tokens().Reverse()];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crescent-restored-");
    private readonly List<string> _warnings = [];

    public static TheoryData<string, KvType, int> Caches
    {
        get
        {
            var rows = new TheoryData<string, KvType, int>();
            foreach (var name in new[] { "g-moonlight", "g-kimi-k2-q4_0", "tiny-moonlight", "g-qwen3moe-q", "tiny-llama-3.2-1b", "tiny-gpt-oss-20b", "tiny-kimi-linear" })
            {
                // A chunk that ends inside the prefix, one that ends with it, one that holds the prompt.
                rows.Add(name, KvType.F16, 48);
                rows.Add(name, KvType.F16, 64);
                rows.Add(name, KvType.F16, 128);
                if (name is not ("g-moonlight" or "g-kimi-k2-q4_0" or "g-qwen3moe-q"))
                {
                    rows.Add(name, KvType.Q8_0, 128);
                }
            }

            return rows;
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Caches))]
    public void A_restored_prefix_gives_the_same_logits_as_none(string name, KvType type, int chunk)
    {
        var options = LoadedModel.Plain with { KvType = type, MaxBatchTokens = chunk };
        int[] first = s_tokens[..100], second = [.. s_tokens[..75], .. s_tokens[20..60]];
        Recording[] fresh;
        using (var model = LoadedModel.Open(name, options))
        {
            fresh = [Recording.RunAlone(model, Recording.Greedy(first), Context), Recording.RunAlone(model, Recording.Greedy(second), Context)];
            var saved = Run(model, options, Recording.Greedy(first) with { StoredPrefix = 70 });
            Recording.AssertSame(fresh[0], saved);
            Assert.Equal((0, 0), (saved.Sequence.CachedTokens, saved.Sequence.RestoredTokens));
        }

        using var other = LoadedModel.Open(name, options);
        foreach (var (expected, prompt) in fresh.Zip([first, second]))
        {
            var restored = Run(other, options, Recording.Greedy(prompt) with { StoredPrefix = 70 });
            Recording.AssertSame(expected, restored);
            Assert.Equal((64, 64), (restored.Sequence.CachedTokens, restored.Sequence.RestoredTokens));
            Assert.True(restored.Sequence.RestoreTime > TimeSpan.Zero);
        }

        Assert.Empty(_warnings);
        Assert.Single(Directory.GetFiles(_folder.FullName, "*.prefix", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_the_pool_has_is_not_read_again()
    {
        using var model = LoadedModel.Open("g-moonlight");
        using var generator = Generator(model, LoadedModel.Plain);
        var request = Recording.Greedy(s_tokens[..100]) with { StoredPrefix = 70 };
        Recording.Run(model, generator, request);
        var again = Recording.Run(model, generator, request)[0];
        Assert.Equal((96, 0), (again.Sequence.CachedTokens, again.Sequence.RestoredTokens));
    }

    [Fact]
    public void A_damaged_snapshot_is_written_again_by_the_answer_that_found_it()
    {
        using var model = LoadedModel.Open("g-moonlight");
        var request = Recording.Greedy(s_tokens[..100]) with { StoredPrefix = 70 };
        var expected = Run(model, LoadedModel.Plain, request);
        var path = Directory.GetFiles(_folder.FullName, "*.prefix", SearchOption.AllDirectories)[0];
        var bytes = File.ReadAllBytes(path);
        var damaged = (byte[])bytes.Clone();
        damaged[^9] ^= 4;
        File.WriteAllBytes(path, damaged);
        var computed = Run(model, LoadedModel.Plain, request);
        Recording.AssertSame(expected, computed);
        Assert.Equal(0, computed.Sequence.CachedTokens);
        Assert.Contains("page 1", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void Sequences_side_by_side_share_one_restore()
    {
        using var model = LoadedModel.Open("tiny-kimi-linear");
        var requests = new[] { s_tokens[..100], [.. s_tokens[..70], .. s_tokens[30..60]] }.Select(prompt => Recording.Greedy(prompt) with { StoredPrefix = 70 }).ToArray();
        var fresh = Array.ConvertAll(requests, request => Recording.RunAlone(model, request, Context));
        Run(model, LoadedModel.Plain, requests[0]);
        using var generator = Generator(model, LoadedModel.Plain, sequences: 2);
        var recordings = Recording.Run(model, generator, requests);
        Recording.AssertSame(fresh[0], recordings[0]);
        Recording.AssertSame(fresh[1], recordings[1]);
        Assert.Equal([64, 64], recordings.Select(recording => recording.Sequence.CachedTokens));
        Assert.Equal([64, 0], recordings.Select(recording => recording.Sequence.RestoredTokens));
    }

    private Recording Run(LoadedModel model, ModelOptions options, GenerationRequest request)
    {
        using var generator = Generator(model, options);
        return Recording.Run(model, generator, request)[0];
    }

    private Generator Generator(LoadedModel model, ModelOptions options, int sequences = 1) => new(model.Model, null, new GeneratorOptions
    {
        Context = Context,
        MaxSequences = sequences,
        Snapshots = new PrefixSnapshotStore(
            new PrefixSnapshotOptions(Path.Combine(_folder.FullName, "prefixes")) { LeastTokens = 32 }, model.Model.CacheLayout, () => model.Identity(options), _warnings.Add),
    });
}
