using System.Globalization;

namespace Crescent.Engine.Conversion;

/// <summary>Where a tensor stands in its model, as far as quantisation cares.</summary>
internal enum TensorPlace
{
    /// <summary>Norms, biases, routers, state-space parameters: small, and every token depends on them.</summary>
    Kept,
    Embedding,
    Head,
    AttentionKey,

    /// <summary>Values, joined queries, keys and values, and what MLA makes keys and values from.</summary>
    AttentionValue,
    AttentionOutput,
    FfnDown,
    Other,
}

/// <summary>Reads a place from a tensor's GGUF name and shape.</summary>
internal static class TensorPlaces
{
    private const string Suffix = ".weight";

    // Parts of names whose matrices are kept.
    private static readonly string[] s_kept =
    [
        "norm", "ffn_gate_inp", "exp_probs_b", "ssm_conv1d", "ssm_a", "ssm_d", "ssm_dt", "shortconv", "attn_rel_b", "attn_sinks", "rope_freqs",
        "position_embd", "token_types", "indexer.k_proj", "indexer.q_proj",
    ];

    private static readonly string[] s_values = ["attn_v", "attn_qkv", "attn_kv_b", "attn_kv_a_mqa", "attn_k_b", "attn_v_b"];

    /// <param name="shape">Row-major: the contiguous axis last.</param>
    public static TensorPlace Of(string name, IReadOnlyList<long> shape)
    {
        if (!name.EndsWith(Suffix, StringComparison.Ordinal) || shape.Count(size => size > 1) < 2)
        {
            return TensorPlace.Kept;
        }

        var part = Part(name);
        return part switch
        {
            "token_embd" => TensorPlace.Embedding,
            "output" => TensorPlace.Head,
            "attn_k" => TensorPlace.AttentionKey,
            "attn_output" => TensorPlace.AttentionOutput,
            _ when IsKept(part) => TensorPlace.Kept,
            _ when s_values.Contains(part) => TensorPlace.AttentionValue,
            _ when part.StartsWith("ffn_down", StringComparison.Ordinal) => TensorPlace.FfnDown,
            _ => TensorPlace.Other,
        };
    }

    /// <summary>Whether the tensor stacks the experts of a layer.</summary>
    public static bool IsExperts(string name) => Part(name).EndsWith("_exps", StringComparison.Ordinal);

    /// <summary>The N of <c>blk.N.…</c>, else 0.</summary>
    public static int LayerOf(string name)
    {
        var parts = name.Split('.', 3);
        return parts.Length == 3 && parts[0] == "blk" && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var layer) ? layer : 0;
    }

    // The name without its block and its suffix: "ffn_down_exps".
    private static string Part(string name)
    {
        var part = name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
        return part.StartsWith("blk.", StringComparison.Ordinal) && part.IndexOf('.', 4) is > 0 and var dot ? part[(dot + 1)..] : part;
    }

    private static bool IsKept(string part) => s_kept.Any(kept => kept switch
    {
        "norm" => part.EndsWith("norm", StringComparison.Ordinal),
        _ => part == kept || part.StartsWith(kept + "_", StringComparison.Ordinal) || part.StartsWith(kept + ".", StringComparison.Ordinal),
    });
}
