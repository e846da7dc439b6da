using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Conversion;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Conversion;

public sealed class ImportanceMatrixTests
{
    [Fact]
    public void What_is_saved_is_loaded()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("importance.gguf");
        Sample().Save(path);
        var loaded = ImportanceMatrix.Load(path);
        Assert.Equal(["a.txt", "b.txt"], loaded.Datasets);
        Assert.Equal((7, 512), (loaded.ChunkCount, loaded.ChunkSize));
        Assert.Equal(2, loaded.Entries.Count);
        Assert.Equal([1, 2, 3, 4, 5, 6], loaded.Entries["blk.0.ffn_up_exps.weight"].Sums);
        Assert.Equal([2, 0, 4], loaded.Entries["blk.0.ffn_up_exps.weight"].Counts);
    }

    [Fact]
    public void Weights_are_means_and_1_where_an_expert_saw_nothing()
    {
        var entry = Sample().Entries["blk.0.ffn_up_exps.weight"];
        Assert.Equal([0.5f, 1, 1, 1, 1.25f, 1.5f], entry.Weights(3, 2)!);
        Assert.Null(entry.Weights(2, 3));
        Assert.Equal([0.5f, 1, 1.5f, 2], new ImportanceEntry([1, 2, 3, 4], [2]).Weights(2, 2)!);
    }

    [Fact]
    public void The_older_form_is_read()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("importance.dat");
        File.WriteAllBytes(path, Legacy());
        var loaded = ImportanceMatrix.Load(path);
        Assert.Equal(["text"], loaded.Datasets);
        Assert.Equal(9, loaded.ChunkCount);
        Assert.Equal([0.5f, 1, 1.5f, 2], loaded.Entries["blk.0.attn_q.weight"].Weights(1, 4)!);
        Assert.Equal([0.5f, 1, 1.5f, 2], loaded.Entries["blk.0.attn_q.weight"].Weights(2, 2)!);
        Assert.Equal([3f, 5], loaded.Entries["w"].Weights(1, 2)!);
    }

    [Fact]
    public void A_value_that_is_no_weight_is_named()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("importance.gguf");
        new ImportanceMatrix { Entries = new Dictionary<string, ImportanceEntry> { ["w"] = new([1, float.NaN], [1]) } }.Save(path);
        Assert.Contains("tensor 'w.in_sum2': value 1", Assert.Throws<CheckpointException>(() => ImportanceMatrix.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_is_no_importance_matrix()
    {
        var model = SharedData.Path("golden-models", "g-llama.gguf");
        Assert.Contains("expected an importance matrix", Assert.Throws<CheckpointException>(() => ImportanceMatrix.Load(model)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_damaged_file_is_read_or_refused_but_never_more(bool legacy)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("damaged");
        Sample().Save(path);
        var original = legacy ? Legacy() : File.ReadAllBytes(path);
        var refused = 0;
        for (var seed = 0; seed < 1000; seed++)
        {
            File.WriteAllBytes(path, Corruption.Corrupt(original, seed));
            refused += Record.Exception(() => ImportanceMatrix.Load(path)) switch
            {
                null => 0,
                CheckpointException => 1,
                var other => throw other,
            };
        }

        Assert.InRange(refused, 300, 1000);
    }

    private static ImportanceMatrix Sample() => new()
    {
        Datasets = ["a.txt", "b.txt"],
        ChunkCount = 7,
        ChunkSize = 512,
        Entries = new Dictionary<string, ImportanceEntry>
        {
            ["blk.0.ffn_up_exps.weight"] = new([1, 2, 3, 4, 5, 6], [2, 0, 4]),
            ["output.weight"] = new([8, 9], [1]),
        },
    };

    private static byte[] Legacy() =>
    [
        .. Number(2),
        .. Name("blk.0.attn_q.weight"), .. Number(2), .. Number(4), .. Values(1, 2, 3, 4),
        .. Name("w"), .. Number(0), .. Number(2), .. Values(3, 5),
        .. Number(9), .. Name("text"),
    ];

    private static byte[] Number(int value) => BitConverter.GetBytes(value);

    private static byte[] Name(string name) => [.. Number(name.Length), .. Encoding.UTF8.GetBytes(name)];

    private static byte[] Values(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
