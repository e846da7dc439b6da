using Crescent.Kernels.LinearAttention;
using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Models.Layers;

/// <summary>Kimi Delta Attention as GGUF stores it.</summary>
internal static class KdaBuilder
{
    /// <summary>Reads head count, head width and taps.</summary>
    public static KdaOptions ReadOptions(ModelBuilder builder)
    {
        const int MostWidth = 1024;
        const int MostChannels = 1 << 20;
        const int MostTaps = 16;
        var config = builder.Config;
        var heads = config.Integer("attention.head_count", 1, 65536);
        var width = config.Integer("kda.head_dim", DeltaRule.BlockValues, MostWidth);
        if (width % DeltaRule.BlockValues != 0)
        {
            throw config.Error($"metadata key '{config.Architecture}.kda.head_dim': expected a multiple of {DeltaRule.BlockValues}, found {width}");
        }

        if ((long)heads * width > MostChannels)
        {
            throw config.Error($"expected at most {MostChannels} values of all heads of linear attention, found {heads} heads of {width}");
        }

        return new KdaOptions(heads, width, config.Integer("ssm.conv_kernel", 2, MostTaps));
    }

    /// <summary>The tensors of layer <paramref name="prefix"/>.</summary>
    public static KdaWeights ReadWeights(ModelBuilder builder, KdaOptions options, string prefix)
    {
        var (tensors, heads) = (builder.Tensors, (long)options.HeadsWidth);
        return new KdaWeights
        {
            Mixed = [Matrix("attn_q", heads), Matrix("attn_k", heads), Matrix("attn_v", heads)],
            Filters = ReadFilters(builder, options, prefix),
            DecayDown = Matrix("ssm_f_a", options.Width),
            DecayUp = tensors.Matrix($"{prefix}.ssm_f_b.weight", heads, options.Width),
            DecayBias = tensors.Vector($"{prefix}.ssm_dt.bias", heads),
            DecayRate = ReadRate(builder, options, $"{prefix}.ssm_a"),
            Beta = Matrix("ssm_beta", options.Heads),
            GateDown = Matrix("ssm_g_a", options.Width),
            GateUp = tensors.Matrix($"{prefix}.ssm_g_b.weight", heads, options.Width),
            OutputNorm = builder.Norm($"{prefix}.ssm_norm.weight", options.Width),
            Output = tensors.Matrix($"{prefix}.attn_output.weight", builder.Hidden, heads),
        };

        WeightMatrix Matrix(string name, long rows) => tensors.Matrix($"{prefix}.{name}.weight", rows, builder.Hidden);
    }

    // GGUF keeps −exp(A_log); a file that kept A_log itself would let the state grow without bound.
    private static float[] ReadRate(ModelBuilder builder, KdaOptions options, string name)
    {
        var rates = builder.Tensors.Vector(name, options.Heads);
        var wrong = Array.FindIndex(rates, rate => !(rate <= 0 && float.IsFinite(rate)));
        return wrong < 0 ? rates : throw builder.Config.Error($"tensor '{name}': expected decay rates of at most 0, found {rates[wrong]} at {wrong}");
    }

    // Files have a filter a channel, [channels, taps] for each of the three; the kernel takes a channel row a tap, [taps, 3 · channels].
    private static float[] ReadFilters(ModelBuilder builder, KdaOptions options, string prefix)
    {
        string[] names = ["q", "k", "v"];
        var channels = options.HeadsWidth;
        var read = Array.ConvertAll(names, name => builder.Tensors.Matrix($"{prefix}.ssm_conv1d_{name}.weight", channels, options.Taps));
        var filters = new float[3L * channels * options.Taps];
        Span<float> filter = stackalloc float[options.Taps];
        for (var part = 0; part < 3; part++)
        {
            for (var channel = 0; channel < channels; channel++)
            {
                read[part].DecodeRow(channel, filter);
                for (var tap = 0; tap < options.Taps; tap++)
                {
                    filters[(((tap * 3L) + part) * channels) + channel] = filter[tap];
                }
            }
        }

        return filters;
    }
}
