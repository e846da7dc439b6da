using Crescent.Tests.Reference;
using Crescent.Tests.Reference.Tiny;

namespace Crescent.Tests.Models.Published;

/// <summary>The tiny Grok-2 as released: the keys of its configuration, and experts cut over the files of a number of ranks.</summary>
internal static class Grok2Models
{
    private const int Ranks = 4;

    /// <summary>The rules of the release's own engine: no scaling of positions, a capped router, shares as they are, growing scores.</summary>
    public static Grok2ReferenceConfig Rules { get; } = TinyGrok2.Config with { Rotation = Rotation.Plain(10000, 16, isInterleaved: false), TemperatureLength = 20 };

    public static PublishedModel Model { get; } = new("grok-2", """
        {
          "architectures": ["Grok1ForCausalLM"], "attn_factor": 1.0, "attn_logit_softcapping": 30.0, "attn_temperature_len": 20, "beta_fast": 8, "beta_slow": 1,
          "embedding_multiplier_scale": 8.0, "extrapolation_factor": 1.0, "final_logit_softcapping": 5, "global_attn_every_n": 1, "head_dim": 16, "hidden_act": "gelu",
          "hidden_size": 64, "intermediate_size": 96, "max_position_embeddings": 131072, "model_type": "git", "moe_intermediate_size": 48, "num_attention_heads": 4,
          "num_experts_per_tok": 2, "num_hidden_layers": 3, "num_key_value_heads": 2, "num_local_experts": 8, "original_max_position_embeddings": 8192,
          "output_multiplier_scale": 0.5, "residual_moe": true, "rms_norm_eps": 1e-05, "rope_theta": 10000, "rope_type": "original", "router_logit_softcapping": 30.0,
          "scaling_factor": 16.0, "sliding_window_size": -1, "torch_dtype": "bfloat16", "vocab_size": 288
        }
        """, TinyGrok2.Model.Tensors.Shapes, TinyGrok2.Model.Tensors.Read, read => new Grok2Reference(Rules, read).Logits);

    /// <summary>Experts in a file a rank, w1 and w3 cut along their rows, w2 along its columns; all else in files of their own.</summary>
    public static void WriteParallel(string folder, StoredForm form)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Model.Config);
        var (experts, others) = (Names(isExpert: true), Names(isExpert: false));
        IEnumerable<(string, StoredTensor)> Store(IEnumerable<string> names) => names.SelectMany(name => form(name, Model.Shapes[name], Model.Values(name)));
        SafetensorsReference.WriteFile(Path.Combine(folder, "pytorch_model-00000-TP-common.safetensors"), Store(others.Where((_, i) => i % 2 == 0)));
        SafetensorsReference.WriteFile(Path.Combine(folder, "pytorch_model-00002-TP-common.safetensors"), Store(others.Where((_, i) => i % 2 == 1)));
        for (var rank = 0; rank < Ranks; rank++)
        {
            SafetensorsReference.WriteFile(
                Path.Combine(folder, $"pytorch_model-00001-TP-{rank:D3}.safetensors"), experts.SelectMany(name => form(name, PartShape(name), Part(name, rank))));
        }
    }

    private static string[] Names(bool isExpert) => [.. Model.Shapes.Keys.Where(name => name.Contains(".experts.", StringComparison.Ordinal) == isExpert)];

    private static bool IsDown(string name) => name.EndsWith("w2.weight", StringComparison.Ordinal);

    private static int[] PartShape(string name) => Model.Shapes[name] is var shape && IsDown(name) ? [shape[0], shape[1] / Ranks] : [shape[0] / Ranks, shape[1]];

    private static double[] Part(string name, int rank)
    {
        var (values, columns) = (Model.Values(name), Model.Shapes[name][1]);
        return IsDown(name)
            ? [.. values.Chunk(columns).SelectMany(row => row.Chunk(columns / Ranks).ElementAt(rank))]
            : [.. values.Chunk(values.Length / Ranks).ElementAt(rank)];
    }
}
