using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Tiny;

namespace Crescent.Tests.Models.Published;

/// <summary>How a published matrix is stored.</summary>
internal delegate IEnumerable<(string Name, StoredTensor Tensor)> StoredForm(string name, int[] shape, double[] values);

/// <summary>A small model in the form in which its kind is published.</summary>
/// <param name="Config">Its <c>config.json</c>, with the keys of the published ones.</param>
/// <param name="Shapes">Of its tensors, by their published names.</param>
/// <param name="Values">Of its tensors before they are stored.</param>
/// <param name="Reference">Its forward pass in doubles over whatever values are stored.</param>
internal sealed record PublishedModel(
    string Name, string Config, IReadOnlyDictionary<string, int[]> Shapes, TensorReader Values, Func<TensorReader, Func<int[], double[][]>> Reference)
{
    /// <summary>Tokens of its vocabulary.</summary>
    public int Vocab { get; init; } = TinyGguf.Vocab;

    /// <summary>Golden model of the shared data that has its values, or null for a model of our own.</summary>
    public string? Golden { get; init; }

    /// <summary>Ids that its logits are compared on.</summary>
    public int[] Tokens => Golden is null ? TinyModel.Tokens : TestModels.Tokens();

    /// <summary>How each of its tensors is stored: float32, unless it says otherwise.</summary>
    public Func<string, StoredForm?> FormOf { get; init; } = static _ => null;

    /// <summary>Files that it is written to.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Its tensors as they are stored.</summary>
    public IEnumerable<(string Name, StoredTensor Tensor)> Stored =>
        Shapes.SelectMany(entry => (FormOf(entry.Key) ?? Plain)(entry.Key, entry.Value, Values(entry.Key)));

    public void Write(string folder) => PublishedFolder.Write(folder, Config, Stored, Shards);

    /// <summary>Logits in doubles, rounded, of the values that a folder holds: [tokens, vocab].</summary>
    public float[] Expected(string folder) => Expected(new SafetensorsReference(folder).Read);

    public float[] Expected(TensorReader read) => [.. Reference(read)(Tokens).SelectMany(row => row).Select(value => (float)value)];

    public static IEnumerable<(string Name, StoredTensor Tensor)> Plain(string name, int[] shape, double[] values) => [(name, Published.Stored.F32(shape, values))];

    public static IEnumerable<(string Name, StoredTensor Tensor)> Brain(string name, int[] shape, double[] values) => [(name, Published.Stored.BF16(shape, values))];
}
