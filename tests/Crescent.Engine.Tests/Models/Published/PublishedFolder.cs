using Crescent.Tests.Reference;

namespace Crescent.Tests.Models.Published;

/// <summary>A folder as the hub has it: <c>config.json</c>, one safetensors file or several shards with their index.</summary>
internal static class PublishedFolder
{
    /// <param name="shards">Files that the tensors are dealt out to; more than one come with an index.</param>
    public static void Write(string folder, string config, IEnumerable<(string Name, StoredTensor Tensor)> tensors, int shards = 1)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        var list = tensors.ToList();
        if (shards == 1)
        {
            SafetensorsReference.WriteFile(Path.Combine(folder, "model.safetensors"), list);
            return;
        }

        var entries = new List<string>();
        for (var shard = 0; shard < shards; shard++)
        {
            var file = $"model-{shard + 1:D5}-of-{shards:D6}.safetensors";
            var mine = list.Where((_, i) => (long)i * shards / list.Count == shard).ToList();
            SafetensorsReference.WriteFile(Path.Combine(folder, file), mine);
            entries.AddRange(mine.Select(entry => $"\"{entry.Name}\": \"{file}\""));
        }

        File.WriteAllText(
            Path.Combine(folder, "model.safetensors.index.json"),
            $"{{\"metadata\": {{\"total_size\": {list.Sum(entry => (long)entry.Tensor.Bytes.Length)}}}, \"weight_map\": {{{string.Join(", ", entries)}}}}}");
    }
}
