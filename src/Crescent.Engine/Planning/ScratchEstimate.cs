namespace Crescent.Engine.Planning;

/// <summary>
/// Bytes that a step keeps for each of its tokens: floats, and 1.5 bytes a value where they are quantised for a product too. Attention is counted with the queries
/// and outputs of its absorbed form, its widest.
/// </summary>
internal static class ScratchEstimate
{
    private const double Floats = sizeof(float);
    private const double Inputs = sizeof(float) + 1.5; // 48 bytes for 32 quantised values

    public static long BytesPerToken(IReadOnlyList<PlannedTensor> tensors, int expertsUsed)
    {
        var hidden = tensors.First(tensor => tensor.Name == "token_embd.weight").Columns;
        var attention = tensors.GroupBy(tensor => ModelFootprint.LayerOf(tensor.Name)).Where(layer => layer.Key >= 0).Max(layer => Attention([.. layer]));
        var experts = Widest(tensors, "ffn_gate_exps.weight");
        var unit = Math.Max(Widest(tensors, "ffn_gate.weight"), Widest(tensors, "ffn_gate_shexp.weight"));
        var router = Widest(tensors, "ffn_gate_inp.weight");
        return (long)((hidden * (2 * Floats + Inputs)) + attention + (unit * (Floats + Inputs)) + (router * Floats)
            + (experts == 0 ? 0 : expertsUsed * ((experts * (Floats + Inputs)) + (hidden * Floats))));
    }

    private static double Attention(PlannedTensor[] layer)
    {
        double queries = Math.Max(Widest(layer, "attn_q.weight"), Widest(layer, "attn_q_b.weight"));
        var compressed = Widest(layer, "attn_q_a.weight");
        var kept = Widest(layer, "attn_kv_a_mqa.weight") + Widest(layer, "attn_k.weight") + Widest(layer, "attn_v.weight");
        var output = layer.FirstOrDefault(tensor => tensor.Name.EndsWith(".attn_output.weight", StringComparison.Ordinal))?.Columns ?? 0;
        var plain = (queries * Floats) + (compressed * Inputs) + (kept * Floats) + (output * Inputs);
        return layer.FirstOrDefault(tensor => tensor.Name.EndsWith(".attn_k_b.weight", StringComparison.Ordinal))?.Shape is [var heads, var latent, var nope]
            ? plain + (heads * ((nope * Inputs) + (kept * Floats) + (latent * Inputs)))
            : plain;
    }

    // Rows of a tensor's matrices, in the layer that has most.
    private static long Widest(IEnumerable<PlannedTensor> tensors, string name) =>
        tensors.Where(tensor => tensor.Name.EndsWith($".{name}", StringComparison.Ordinal)).Select(tensor => tensor.Shape[^2]).DefaultIfEmpty(0).Max();
}
