using System.Text.Json;
using Crescent.Engine.Synthesis.Published;

namespace Crescent.Engine.Synthesis;

/// <summary>Tensors of latent attention in its absorbed form, and the head widths that every published model has.</summary>
internal static class MlaTensors
{
    public const int Nope = 128;
    public const int Rope = 64;
    public const int Value = 128;

    /// <param name="queryRank">Width of the query's compression; 0 for none.</param>
    public static void Add(SynthTensorList list, int hidden, int heads, int queryRank, int kvRank)
    {
        if (queryRank > 0)
        {
            list.Matrix("attn_q_a.weight", queryRank, hidden);
            list.Norm("attn_q_a_norm.weight", queryRank);
            list.Matrix("attn_q_b.weight", heads * (Nope + Rope), queryRank);
        }
        else
        {
            list.Matrix("attn_q.weight", heads * (Nope + Rope), hidden);
        }

        list.Matrix("attn_kv_a_mqa.weight", kvRank + Rope, hidden);
        list.Norm("attn_kv_a_norm.weight", kvRank);
        list.Matrix("attn_k_b.weight", heads, kvRank, Nope);
        list.Matrix("attn_v_b.weight", heads, Value, kvRank);
        list.Matrix("attn_output.weight", hidden, heads * Value);
    }

    /// <summary>The same under the names of the releases, the keys' and values' parts in one matrix.</summary>
    public static void AddPublished(PublishedTensors list, string name, string source, bool isCompressed)
    {
        if (isCompressed)
        {
            list.Linear($"{name}.q_a_proj", $"{source}.attn_q_a.weight");
            list.Vector($"{name}.q_a_layernorm.weight", $"{source}.attn_q_a_norm.weight");
            list.Linear($"{name}.q_b_proj", $"{source}.attn_q_b.weight");
        }
        else
        {
            list.Linear($"{name}.q_proj", $"{source}.attn_q.weight");
        }

        list.Linear($"{name}.kv_a_proj_with_mqa", $"{source}.attn_kv_a_mqa.weight");
        list.Vector($"{name}.kv_a_layernorm.weight", $"{source}.attn_kv_a_norm.weight");
        list.Linear($"{name}.kv_b_proj", new LatentRows(list.Values($"{source}.attn_k_b.weight"), list.Values($"{source}.attn_v_b.weight")));
        list.Linear($"{name}.o_proj", $"{source}.attn_output.weight");
    }

    public static void WriteConfig(Utf8JsonWriter json, int heads, int queryRank, int kvRank)
    {
        json.WriteNumber("num_key_value_heads", heads);
        if (queryRank > 0)
        {
            json.WriteNumber("q_lora_rank", queryRank);
        }
        else
        {
            json.WriteNull("q_lora_rank");
        }

        json.WriteNumber("kv_lora_rank", kvRank);
        json.WriteNumber("qk_nope_head_dim", Nope);
        json.WriteNumber("qk_rope_head_dim", Rope);
        json.WriteNumber("v_head_dim", Value);
    }
}
