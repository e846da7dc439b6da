using System.Globalization;

namespace Crescent.Tests.Reference;

/// <summary>Grok-1's constants, as released unless replaced.</summary>
internal sealed record Grok1ReferenceConfig(int Layers, int Heads, int KvHeads, int HeadDim, int Experts = 8)
{
    public int TopK { get; init; } = 2;

    public double Epsilon { get; init; } = 1e-5;

    public double RopeBase { get; init; } = 10000;

    public double EmbeddingMultiplier { get; init; } = 78.38367176906169;

    public double AttentionMultiplier { get; init; } = 0.08838834764831845;

    public double OutputMultiplier { get; init; } = 0.5773502691896257;

    public double AttentionCap { get; init; } = 30;

    /// <summary>llama.cpp makes the two gates sum to 1; the release does not.</summary>
    public bool Renormalizes { get; init; }

    /// <summary>Tensor of the head [vocab, hidden]: the embedding, in the release.</summary>
    public string HeadName { get; init; } = Grok1Reference.EmbeddingName;

    public Func<double, double> Gelu { get; init; } = Vectors.Gelu;
}

/// <summary>
/// Grok-1's forward pass in doubles, as its JAX release runs it (without its roundings to bf16), over the release's tensors by file name
/// (tensor00000_000, …) and in its layout: every matrix is [in, out], the embedding [vocab, hidden].
/// </summary>
internal sealed class Grok1Reference(Grok1ReferenceConfig config, TensorReader reader)
{
    // Order of a layer's tensors: the flattened parameter tree, keys sorted as strings.
    public const int Gate = 0; // moe/linear [experts, hidden, width]
    public const int Down = 1; // moe/linear_1 [experts, width, hidden]
    public const int Up = 2; // moe/linear_v [experts, hidden, width]
    public const int Key = 3;
    public const int Output = 4;
    public const int Query = 5;
    public const int Value = 6;
    public const int Norm0 = 7; // rms_norm, then _1, _2 and _3
    public const int Router = 11; // [hidden, experts]
    public const int TensorsPerLayer = 12;
    public const string EmbeddingName = "tensor00000_000";
    public const string FinalNormName = "tensor00001_000";

    private readonly TensorReader _read = reader.Remember();
    private readonly int[] _order = LayerOrder(config.Layers);
    private readonly Rotation _rotation = Rotation.Plain(config.RopeBase, config.HeadDim, isInterleaved: false);

    /// <summary>Layers as the release's files hold them: decoder_layer_0, _1, _10, _11, … _2, _20, ….</summary>
    public static int[] LayerOrder(int layers) => [.. Enumerable.Range(0, layers).OrderBy(layer => layer.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal)];

    /// <summary>File of a layer's tensor.</summary>
    public string NameOf(int layer, int tensor) => $"tensor{2 + (TensorsPerLayer * Array.IndexOf(_order, layer)) + tensor:D5}_000";

    /// <summary>Logits of every position: [tokens][vocab].</summary>
    public double[][] Logits(int[] tokens)
    {
        var embedding = _read(EmbeddingName);
        var norm = _read(FinalNormName);
        var hidden = tokens.Select(token => Vectors.Scaled(Vectors.Row(embedding, token, norm.Length), config.EmbeddingMultiplier)).ToArray();
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var attended = Attention(layer, [.. hidden.Select(x => Norm(layer, 0, x))]);
            hidden = [.. hidden.Select((x, i) => Vectors.Sum(x, Norm(layer, 1, attended[i])))];
            hidden = [.. hidden.Select(x => Vectors.Sum(x, Norm(layer, 3, Mixture(layer, Norm(layer, 2, x)))))];
        }

        return [.. hidden.Select(x => Vectors.Scaled(Vectors.Multiply(_read(config.HeadName), Vectors.RmsNorm(x, norm, config.Epsilon)), config.OutputMultiplier))];
    }

    private double[][] Attention(int layer, double[][] x)
    {
        var queries = x.Select((row, position) => _rotation.ApplyToHeads(Project(layer, Query, row), config.HeadDim, position)).ToArray();
        var keys = x.Select((row, position) => _rotation.ApplyToHeads(Project(layer, Key, row), config.HeadDim, position)).ToArray();
        var values = x.Select(row => Project(layer, Value, row)).ToArray();
        var mixed = CausalAttention.Run(
            queries, keys, values, config.Heads, config.KvHeads, (product, _, _, _) => CausalAttention.SoftCap(product * config.AttentionMultiplier, config.AttentionCap));
        return [.. mixed.Select(row => Project(layer, Output, row))];
    }

    private double[] Mixture(int layer, double[] x)
    {
        var shares = Vectors.Softmax(Project(layer, Router, x));
        var chosen = Vectors.Largest(shares, config.TopK);
        var total = config.Renormalizes ? chosen.Sum(expert => shares[expert]) : 1;
        return chosen.Select(expert => Vectors.Scaled(Expert(layer, expert, x), shares[expert] / total)).Aggregate(Vectors.Sum);
    }

    private double[] Expert(int layer, int expert, double[] x)
    {
        double[] Of(int tensor) => TensorReaders.Slice(_read(NameOf(layer, tensor)), config.Experts, expert);
        var gated = Vectors.MultiplyTransposed(Of(Gate), x).Select(config.Gelu).ToArray();
        return Vectors.MultiplyTransposed(Of(Down), Vectors.Product(gated, Vectors.MultiplyTransposed(Of(Up), x)));
    }

    private double[] Project(int layer, int tensor, double[] x) => Vectors.MultiplyTransposed(_read(NameOf(layer, tensor)), x);

    private double[] Norm(int layer, int number, double[] x) => Vectors.RmsNorm(x, _read(NameOf(layer, Norm0 + number)), config.Epsilon);
}
