using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Safetensors;
using Xunit;

namespace Crescent.Tests.Checkpoints;

public sealed class SafetensorsFolderTests
{
    private const string Index = "model.safetensors.index.json";

    [Fact]
    public void The_shards_of_an_index_open_as_one()
    {
        using var folder = Sharded();
        foreach (var path in new[] { folder.Path, folder.File(Index) })
        {
            using var opened = SafetensorsFolder.Open(path);
            Assert.Equal(path, opened.Path);
            Assert.Equal(["model-1.safetensors", "model-2.safetensors"], opened.Files.Select(file => Path.GetFileName(file.Path)));
            Assert.Equal(["a", "b", "c", "extra"], opened.Tensors.Keys.Order(StringComparer.Ordinal));
            Assert.Equal(folder.File("model-2.safetensors"), Assert.Single(opened.Tensors["c"]).File);
            Assert.Equal(opened.Files.Sum(file => new FileInfo(file.Path).Length), opened.TotalBytes);
            opened.PopulateInBackground();
            opened.WaitUntilPopulated();
        }
    }

    [Fact]
    public void A_single_file_opens_by_its_folder_and_by_its_path()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "anything.safetensors", "a");
        foreach (var path in new[] { folder.Path, folder.File("anything.safetensors") })
        {
            using var opened = SafetensorsFolder.Open(path);
            Assert.Equal(["a"], opened.Tensors.Keys);
        }
    }

    [Fact]
    public void A_whole_model_comes_before_other_files()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "adapter_model.safetensors", "b");
        Write(folder, "model.safetensors", "a");
        using var opened = SafetensorsFolder.Open(folder.Path);
        Assert.Equal(["a"], opened.Tensors.Keys);
    }

    [Fact]
    public void Tensor_parallel_files_without_an_index_repeat_names_in_their_order()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "pytorch_model-00001-TP-001.safetensors", "w");
        Write(folder, "pytorch_model-00001-TP-000.safetensors", "w", "v");
        Write(folder, "pytorch_model-00000-TP-common.safetensors", "norm");
        using var opened = SafetensorsFolder.Open(folder.Path);
        Assert.Equal(3, opened.Files.Count);
        Assert.Equal(
            ["pytorch_model-00001-TP-000.safetensors", "pytorch_model-00001-TP-001.safetensors"],
            opened.Tensors["w"].Select(tensor => Path.GetFileName(tensor.File)));
        Assert.Single(opened.Tensors["v"]);
        Assert.Single(opened.Tensors["norm"]);
    }

    [Fact]
    public void Another_name_of_the_index_is_found_and_a_foreign_one_passed_over()
    {
        using var folder = Sharded();
        File.WriteAllText(folder.File("pytorch_model.bin.index.json"), "{}");
        File.Move(folder.File(Index), folder.File("other.index.json"));
        using var opened = SafetensorsFolder.Open(folder.Path);
        Assert.Equal(4, opened.Tensors.Count);
    }

    [Fact]
    public void Several_indexes_are_a_question_unless_one_has_the_usual_name()
    {
        using var folder = Sharded();
        File.Copy(folder.File(Index), folder.File("b.index.json"));
        SafetensorsFolder.Open(folder.Path).Dispose();
        File.Move(folder.File(Index), folder.File("a.index.json"));
        Assert.Contains("expected one index, found 2: a.index.json, b.index.json", Message(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_shards_are_counted_and_the_first_named()
    {
        using var folder = new TemporaryFolder();
        WriteIndex(folder, Enumerable.Range(1, 62).Select(i => ($"t{i}", $"model-{i:D5}-of-00062.safetensors")));
        Write(folder, "model-00002-of-00062.safetensors", "t2");
        Assert.Contains(
            "expected 62 files, found 61 missing: model-00001-of-00062.safetensors, model-00003-of-00062.safetensors, model-00004-of-00062.safetensors and 58 more",
            Message(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_their_shard_lacks_are_named()
    {
        using var folder = Sharded();
        WriteIndex(folder, [("a", "model-1.safetensors"), ("c", "model-1.safetensors"), ("x", "model-2.safetensors")]);
        Assert.Contains("found 2 missing: 'c' of model-1.safetensors, 'x' of model-2.safetensors", Message(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../model-1.safetensors")]
    [InlineData("/etc/passwd.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("sub\\\\model.safetensors")]
    [InlineData("C:model.safetensors")]
    [InlineData("..safetensors")]
    [InlineData("")]
    [InlineData(".safetensors")]
    [InlineData("model.bin")]
    [InlineData("model\\u0000.safetensors")]
    [InlineData("model\\n.safetensors")]
    public void An_index_that_leads_elsewhere_is_refused(string file)
    {
        using var folder = Sharded();
        File.WriteAllText(folder.File(Index), $$$"""{"weight_map":{"a":"{{{file}}}"}}""");
        var message = Message(folder);
        Assert.Contains("file of tensor 'a': expected the plain name of a .safetensors file beside the index", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Theory]
    [InlineData("", "index: expected a JSON object")]
    [InlineData("{}", "expected a weight_map that names tensors, found none")]
    [InlineData("""{"weight_map":{}}""", "expected a weight_map that names tensors, found none")]
    [InlineData("""{"weight_map":[]}""", "weight_map: expected StartObject, found StartArray")]
    [InlineData("""{"weight_map":{"a":1}}""", "file of tensor 'a': expected String, found Number 1")]
    [InlineData("""{"weight_map":{"a":"model-1.safetensors","a":"model-1.safetensors"}}""", "tensor name: expected each name once, found 'a' again")]
    [InlineData("""{"weight_map":{"a":"model-1.safetensors"}} 1""", "index: expected a JSON object")]
    [InlineData("""{"weight_map":{"\ud800":"model-1.safetensors"}}""", "tensor name: expected UTF-8")]
    public void A_damaged_index_is_refused(string index, string expected)
    {
        using var folder = Sharded();
        File.WriteAllText(folder.File(Index), index);
        Assert.Contains(expected, Message(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Corrupt_indexes_open_or_are_a_checkpoint_error()
    {
        using var folder = Sharded();
        var original = File.ReadAllBytes(folder.File(Index));
        Fuzz.Run("copy.safetensors.index.json", Fuzz.Seeds(200), 1 << 20, seed => Corruption.Corrupt(original, seed), path =>
        {
            File.Copy(folder.File("model-1.safetensors"), Path.Combine(Path.GetDirectoryName(path)!, "model-1.safetensors"), overwrite: true);
            SafetensorsFolder.Open(path).Dispose();
        });
    }

    [Fact]
    public void A_damaged_shard_is_named_and_the_others_closed()
    {
        using var folder = Sharded();
        File.WriteAllBytes(folder.File("model-2.safetensors"), [1, 2, 3]);
        Assert.StartsWith(folder.File("model-2.safetensors"), Message(folder), StringComparison.Ordinal);
        File.Delete(folder.File("model-1.safetensors"));
    }

    [Fact]
    public void Other_places_are_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.False(SafetensorsFolder.Exists(folder.Path));
        Assert.Contains("expected model.safetensors.index.json or safetensors files, found neither", Message(folder), StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<CheckpointException>(() => SafetensorsFolder.Open(folder.File("none"))).Message, StringComparison.Ordinal);
        using var sharded = Sharded();
        Assert.True(SafetensorsFolder.Exists(sharded.Path));
    }

    [Fact]
    public void A_folder_the_size_of_Kimi_K2_costs_memory_in_proportion_to_its_headers()
    {
        // Kimi K2 Thinking: 62 shards of some 3,400 tensors. Each name costs a string, a shape, a record and a place in the table.
        const int Shards = 62;
        const int TensorsPerShard = 3400;
        const long MostBytesPerTensor = 1500;
        using var folder = new TemporaryFolder();
        var names = new List<(string, string)>();
        for (var shard = 0; shard < Shards; shard++)
        {
            var file = $"model-{shard:D5}-of-00062.safetensors";
            var tensors = Enumerable.Range(0, TensorsPerShard).Select(i => $"model.layers.{shard}.mlp.experts.{i}.down_proj.weight_packed").ToArray();
            Write(folder, file, tensors);
            names.AddRange(tensors.Select(name => (name, file)));
        }

        WriteIndex(folder, names);
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var opened = SafetensorsFolder.Open(folder.Path);
        Assert.Equal(Shards * TensorsPerShard, opened.Tensors.Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytesPerTensor * Shards * TensorsPerShard);
    }

    private static TemporaryFolder Sharded()
    {
        var folder = new TemporaryFolder();
        Write(folder, "model-1.safetensors", "a", "b");
        Write(folder, "model-2.safetensors", "c", "extra");
        Write(folder, "not-of-the-index.safetensors", "z");
        WriteIndex(folder, [("a", "model-1.safetensors"), ("b", "model-1.safetensors"), ("c", "model-2.safetensors")]);
        return folder;
    }

    private static void Write(TemporaryFolder folder, string file, params string[] names) => File.WriteAllBytes(
        folder.File(file), SafetensorsBytes.Make($"{{{string.Join(',', names.Select((name, i) => SafetensorsBytes.Entry(name, i, i + 1)))}}}", names.Length));

    private static void WriteIndex(TemporaryFolder folder, IEnumerable<(string Name, string File)> names)
    {
        var index = new StringBuilder("""{"metadata":{"total_size":1e3,"nested":[{}]},"weight_map":{""");
        index.AppendJoin(',', names.Select(pair => $"\"{pair.Name}\":\"{pair.File}\""));
        File.WriteAllText(folder.File(Index), index.Append("}}").ToString());
    }

    private static string Message(TemporaryFolder folder) => Assert.Throws<CheckpointException>(() => SafetensorsFolder.Open(folder.Path)).Message;
}
