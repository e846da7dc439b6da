using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>
/// A named choice of types for the tensors of a model: most get the main type, those that errors hurt most get more bits. The rules are those of llama.cpp's quantize (llama-quant.cpp,
/// llama_tensor_get_type_impl) in layers instead of running counts, and with MLA's tensors counted as values.
/// </summary>
public sealed class QuantizationMix
{
    private static readonly QuantizationMix[] s_all =
    [
        new("F32", DType.F32, 0), new("F16", DType.F16, 1), new("BF16", DType.BF16, 32),
        new("Q8_0", DType.Q8_0, 7), new("Q6_K", DType.Q6_K, 18),
        new("Q5_K_M", DType.Q5_K, 17), new("Q5_K_S", DType.Q5_K, 16),
        new("Q4_K_M", DType.Q4_K, 15), new("Q4_K_S", DType.Q4_K, 14), new("IQ4_NL", DType.IQ4_NL, 25), new("IQ4_XS", DType.IQ4_XS, 30), new("Q4_0", DType.Q4_0, 2),
        new("MXFP4_MOE", DType.MXFP4, 38),
        new("Q3_K_L", DType.Q3_K, 13), new("Q3_K_M", DType.Q3_K, 12), new("Q3_K_S", DType.Q3_K, 11), new("Q2_K", DType.Q2_K, 10),
    ];

    private QuantizationMix(string name, DType main, int fileType)
    {
        Name = name;
        Main = main;
        FileType = fileType;
    }

    /// <summary>All mixes, the largest first.</summary>
    public static IReadOnlyList<QuantizationMix> All => s_all;

    public string Name { get; }

    /// <summary>The type of most tensors.</summary>
    public DType Main { get; }

    /// <summary>The number that GGUF's <c>general.file_type</c> has for the mix.</summary>
    public int FileType { get; }

    /// <summary>The mix of a name, in any case.</summary>
    /// <exception cref="ArgumentException">No mix has the name.</exception>
    public static QuantizationMix Parse(string name) =>
        Array.Find(s_all, mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"no quantisation mix is named \"{name}\"; expected one of {string.Join(", ", s_all.Select(mix => mix.Name))}", nameof(name));

    /// <summary>Whether a tensor is quantised at all; else it is kept in F32.</summary>
    /// <param name="shape">Row-major: the contiguous axis last.</param>
    public static bool Quantizes(string tensor, IReadOnlyList<long> shape) => TensorPlaces.Of(tensor, shape) != TensorPlace.Kept;

    /// <summary>The type itself where rows of so many columns are whole blocks of it, else the smallest one with blocks of 32 that is not worse, else F16.</summary>
    public static DType Fitting(DType dtype, long columns)
    {
        if (columns % dtype.Layout().BlockLength == 0)
        {
            return dtype;
        }

        if (columns % DType.Q8_0.Layout().BlockLength != 0)
        {
            return DType.F16;
        }

        return dtype switch
        {
            DType.Q6_K => DType.Q8_0,
            DType.Q5_K => DType.Q5_1,
            DType.Q4_K => DType.Q5_0,
            _ => DType.IQ4_NL,
        };
    }

    /// <summary>The type of a tensor in this mix.</summary>
    /// <param name="tensor">Its GGUF name.</param>
    /// <param name="shape">Row-major: the contiguous axis last.</param>
    public DType TypeOf(string tensor, IReadOnlyList<long> shape, MixModel model)
    {
        var place = TensorPlaces.Of(tensor, shape);
        if (place == TensorPlace.Kept)
        {
            return DType.F32;
        }

        var dtype = Main is DType.F32 or DType.F16 or DType.BF16 ? Main : Choose(place, tensor, shape[^1], model);
        return Fitting(dtype, shape[^1]);
    }

    private DType Choose(TensorPlace place, string tensor, long columns, MixModel model)
    {
        if (place == TensorPlace.Head || (place == TensorPlace.Embedding && model.IsTied))
        {
            return Main is DType.Q8_0 or DType.MXFP4 || columns % Main.Layout().BlockLength != 0 ? DType.Q8_0 : DType.Q6_K;
        }

        if (Main == DType.MXFP4)
        {
            return TensorPlaces.IsExperts(tensor) ? DType.MXFP4 : DType.Q8_0;
        }

        var layer = TensorPlaces.LayerOf(tensor);
        return place switch
        {
            // Eight experts make keys and values the smallest part of a model (Mixtral, Grok-1).
            TensorPlace.AttentionValue or TensorPlace.AttentionKey when model.Experts == 8 => DType.Q8_0,
            TensorPlace.AttentionValue => Value(tensor, layer, model),
            TensorPlace.AttentionOutput => AttentionOutput(model),
            TensorPlace.FfnDown => FfnDown(layer, model),
            _ => Main,
        };
    }

    private DType Value(string tensor, int layer, MixModel model)
    {
        // A latent is shared by all heads.
        var isShared = model.QueryHeadsPerKeyHead >= 4 || tensor.Contains("attn_kv_", StringComparison.Ordinal);
        return Name switch
        {
            "Q2_K" => isShared ? DType.Q4_K : DType.Q3_K,
            "Q3_K_M" => layer < 2 ? DType.Q5_K : DType.Q4_K,
            "Q3_K_L" => DType.Q5_K,
            "IQ4_NL" or "IQ4_XS" when isShared => DType.Q5_K,
            "Q4_K_S" when layer < 4 => DType.Q5_K,
            "Q4_K_M" or "Q5_K_M" when DeservesMore(layer, model.Layers) => DType.Q6_K,
            _ => Main,
        };
    }

    private DType AttentionOutput(MixModel model) => Name switch
    {
        "Q2_K" or "Q3_K_S" or "Q3_K_M" or "Q4_K_S" or "Q4_K_M" or "IQ4_NL" or "IQ4_XS" when model.Experts == 8 => DType.Q5_K,
        "Q2_K" => DType.Q3_K,
        "Q3_K_M" => DType.Q4_K,
        "Q3_K_L" when model.Experts != 8 => DType.Q5_K,
        _ => Main,
    };

    private DType FfnDown(int layer, MixModel model) => Name switch
    {
        "Q2_K" => DType.Q3_K,
        "Q3_K_M" => layer < model.Layers / 16 ? DType.Q5_K : DType.Q4_K,
        "Q3_K_L" => DType.Q5_K,
        "Q4_K_S" when layer < model.Layers / 8 => DType.Q5_K,
        "Q4_K_M" or "Q5_K_M" when DeservesMore(layer, model.Layers) => DType.Q6_K,
        "IQ4_NL" or "IQ4_XS" when layer < model.Layers / 8 && !model.HasImportance => DType.Q5_K,
        "Q4_0" when layer < model.Layers / 8 && model.HasImportance => DType.Q4_1,
        _ => Main,
    };

    // The first and the last eighth of the layers, and every third between.
    private static bool DeservesMore(int layer, int layers) =>
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - (layers / 8)) % 3 == 2;
}
