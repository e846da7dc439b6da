namespace Crescent.Tests.Reference;

/// <summary>Sizes of multi-head latent attention.</summary>
/// <param name="Rotation">Null: no value is rotated, those of the rotary part included (Kimi-Linear).</param>
/// <param name="ScoreGain">Factor on the scores beside (nope + rope)^-½: YaRN's.</param>
internal sealed record LatentAttentionConfig(int Heads, int LatentRank, int NopeDim, int RopeDim, int ValueDim, double Epsilon, Rotation? Rotation, double ScoreGain = 1)
{
    /// <summary>Queries through q_a_proj and q_b_proj.</summary>
    public bool CompressesQueries { get; init; }
}

/// <summary>Multi-head latent attention in its naive form: keys and values of every head expanded from the latent vector.</summary>
internal sealed class LatentAttention(LatentAttentionConfig config, TensorReader read)
{
    private readonly int _keyDim = config.NopeDim + config.RopeDim;

    /// <summary>[tokens][hidden] from normed [tokens][hidden].</summary>
    public double[][] Run(string prefix, double[][] x)
    {
        var queries = x.Select((row, position) => Query(prefix, row, position)).ToArray();
        var pairs = x.Select((row, position) => KeysAndValues(prefix, row, position)).ToArray();
        var scale = config.ScoreGain / Math.Sqrt(_keyDim);
        var mixed = CausalAttention.Run(
            queries, [.. pairs.Select(pair => pair.Keys)], [.. pairs.Select(pair => pair.Values)], config.Heads, config.Heads, (product, _, _, _) => product * scale);
        return [.. mixed.Select(row => Vectors.Multiply(read(prefix + "o_proj.weight"), row))];
    }

    private double[] Query(string prefix, double[] x, int position)
    {
        var query = config.CompressesQueries
            ? Vectors.Multiply(read(prefix + "q_b_proj.weight"), Vectors.RmsNorm(Vectors.Multiply(read(prefix + "q_a_proj.weight"), x), read(prefix + "q_a_layernorm.weight"), config.Epsilon))
            : Vectors.Multiply(read(prefix + "q_proj.weight"), x);
        for (var head = 0; head < config.Heads; head++)
        {
            config.Rotation?.Apply(query, (head * _keyDim) + config.NopeDim, position);
        }

        return query;
    }

    private (double[] Keys, double[] Values) KeysAndValues(string prefix, double[] x, int position)
    {
        var compressed = Vectors.Multiply(read(prefix + "kv_a_proj_with_mqa.weight"), x);
        var latent = Vectors.RmsNorm(compressed[..config.LatentRank], read(prefix + "kv_a_layernorm.weight"), config.Epsilon);
        var rope = compressed[config.LatentRank..];
        config.Rotation?.Apply(rope, 0, position);
        // [heads, nope + value]
        var expanded = Vectors.Multiply(read(prefix + "kv_b_proj.weight"), latent).Chunk(config.NopeDim + config.ValueDim).ToArray();
        return ([.. expanded.SelectMany(head => head.Take(config.NopeDim).Concat(rope))], [.. expanded.SelectMany(head => head.Skip(config.NopeDim))]);
    }
}
