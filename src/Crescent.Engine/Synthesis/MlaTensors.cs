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
}
