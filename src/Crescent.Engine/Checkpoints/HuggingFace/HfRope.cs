namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>Rotation settings: <c>rope_theta</c> with <c>rope_scaling</c>, or both inside <c>rope_parameters</c> (transformers 5).</summary>
internal static class HfRope
{
    /// <summary>Writes base and scaling. Nothing is said about the rotation's width.</summary>
    public static void Map(HfModel model)
    {
        MapFrequencies(model);
        if (Scaling(model.Config) is { } scaling && Type(scaling) == "yarn")
        {
            MapGain(model, scaling);
        }
    }

    /// <summary>YaRN of the DeepSeek family, whose gain goes into the softmax scale (<c>mscale_all_dim</c>) and leaves cosines as they are.</summary>
    public static void MapDeepSeek(HfModel model)
    {
        MapFrequencies(model);
        if (!model.Config.Flag("rope_interleave", true))
        {
            throw model.Config.Unsupported("rope_interleave", "true", false);
        }

        if (Scaling(model.Config) is not { } scaling || Type(scaling) == "default")
        {
            return;
        }

        if (Type(scaling) != "yarn")
        {
            throw scaling.Unsupported("rope_type", "default or yarn", $"'{Type(scaling)}'");
        }

        if (scaling.Contains("attention_factor"))
        {
            throw scaling.Unsupported("attention_factor", "none beside 'mscale_all_dim'", scaling.Number("attention_factor"));
        }

        var (mscale, allDimensions) = (scaling.Number("mscale", 1), scaling.Number("mscale_all_dim", 0));
        if (mscale != allDimensions)
        {
            throw scaling.Unsupported("mscale", $"the value of 'mscale_all_dim', {allDimensions}, as in every published model", mscale);
        }

        model.Set("rope.scaling.yarn_log_multiplier", 0.1 * allDimensions);
    }

    private static void MapFrequencies(HfModel model)
    {
        const double AbsentTheta = 10000;
        var scaling = Scaling(model.Config);
        RequireWhole(model.Config);
        RequireWhole(scaling);
        model.Set("rope.freq_base", scaling?.Contains("rope_theta") == true ? scaling.Number("rope_theta", AbsentTheta) : model.Config.Number("rope_theta", AbsentTheta));
        var type = Type(scaling);
        switch (type)
        {
            case "default":
                break;
            case "linear":
                model.Set("rope.scaling.type", "linear");
                model.Set("rope.scaling.factor", scaling!.Number("factor"));
                break;
            case "llama3":
                model.Set("rope.scaling.type", "llama3");
                model.Set("rope.scaling.factor", scaling!.Number("factor"));
                model.Set("rope.scaling.low_freq_factor", scaling.Number("low_freq_factor", 1));
                model.Set("rope.scaling.high_freq_factor", scaling.Number("high_freq_factor", 4));
                model.Set("rope.scaling.original_context_length", scaling.Integer("original_max_position_embeddings", 8192, 1, int.MaxValue));
                break;
            case "yarn":
                MapYarn(model, scaling!);
                break;
            default:
                throw scaling!.Unsupported("rope_type", "default, linear, llama3 or yarn", $"'{type}'");
        }
    }

    private static HfConfig? Scaling(HfConfig config) => config.Object("rope_scaling") ?? config.Object("rope_parameters");

    private static string Type(HfConfig? scaling) => scaling?.Text("rope_type") ?? scaling?.Text("type") ?? "default";

    private static void MapYarn(HfModel model, HfConfig scaling)
    {
        model.Set("rope.scaling.type", "yarn");
        model.Set("rope.scaling.factor", scaling.Number("factor"));
        model.Set("rope.scaling.original_context_length", scaling.Integer("original_max_position_embeddings", model.ContextLength, 1, int.MaxValue));
        model.Set("rope.scaling.yarn_beta_fast", scaling.Number("beta_fast", 32));
        model.Set("rope.scaling.yarn_beta_slow", scaling.Number("beta_slow", 1));
        model.Set("rope.scaling.yarn_truncate", scaling.Flag("truncate", true));
    }

    // On cosines and sines: as given, else the quotient of two gains, else YaRN's own, which needs no key (transformers, modeling_rope_utils.py).
    private static void MapGain(HfModel model, HfConfig scaling)
    {
        var factor = Math.Max(1, scaling.Number("factor"));
        var (mscale, allDimensions) = (scaling.Number("mscale", 0), scaling.Number("mscale_all_dim", 0));
        double? gain = scaling.Contains("attention_factor") ? scaling.Number("attention_factor")
            : mscale != 0 && allDimensions != 0 ? Gain(factor, mscale) / Gain(factor, allDimensions)
            : null;
        if (gain is { } stated)
        {
            model.Set("rope.scaling.attn_factor", stated / Gain(factor, 1));
        }
    }

    private static double Gain(double factor, double mscale) => (0.1 * mscale * Math.Log(factor)) + 1;

    private static void RequireWhole(HfConfig? config)
    {
        if (config?.Number("partial_rotary_factor", 1) is not (null or 1.0) and var share)
        {
            throw config.Unsupported("partial_rotary_factor", "1", share);
        }
    }
}
