using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels.Quantization;

namespace Crescent.Tests.Reference;

/// <summary>A GGUF file's tensors under their published names, so that references can be held against logits of GGUF models.</summary>
internal sealed class GgufTensors : IDisposable
{
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["model.embed_tokens.weight"] = "token_embd.weight",
        ["model.norm.weight"] = "output_norm.weight",
        ["lm_head.weight"] = "output.weight",
        ["input_layernorm"] = "attn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["self_attn.q_a_proj"] = "attn_q_a",
        ["self_attn.q_a_layernorm"] = "attn_q_a_norm",
        ["self_attn.q_b_proj"] = "attn_q_b",
        ["self_attn.kv_a_proj_with_mqa"] = "attn_kv_a_mqa",
        ["self_attn.kv_a_layernorm"] = "attn_kv_a_norm",
        ["self_attn.kv_b_proj"] = "attn_kv_b",
        ["post_attention_layernorm"] = "ffn_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
        ["mlp.gate"] = "ffn_gate_inp",
        ["mlp.shared_experts.gate_proj"] = "ffn_gate_shexp",
        ["mlp.shared_experts.up_proj"] = "ffn_up_shexp",
        ["mlp.shared_experts.down_proj"] = "ffn_down_shexp",
    };

    // Slot of a layer in Grok-1's release, to GGUF.
    private static readonly string[] s_grok =
    [
        "ffn_gate_exps", "ffn_down_exps", "ffn_up_exps", "attn_k", "attn_output", "attn_q", "attn_v", "attn_norm", "attn_output_norm", "ffn_norm",
        "layer_output_norm", "ffn_gate_inp",
    ];

    private readonly GgufCheckpoint _checkpoint;

    public GgufTensors(string path) => _checkpoint = GgufCheckpoint.Open(path);

    public GgufMetadata Metadata => _checkpoint.Metadata;

    /// <summary>By GGUF name.</summary>
    public double[] Read(string name)
    {
        var tensor = _checkpoint.Tensors[name];
        var values = new float[tensor.Count];
        RowCodec.Decode(tensor.DType, tensor.Bytes.Span(0, (int)tensor.Bytes.Length), values);
        return [.. values.Select(value => (double)value)];
    }

    /// <summary>By Hugging Face name: of Llama's kind and of DeepSeek's.</summary>
    public double[] ReadHuggingFace(string name)
    {
        if (s_names.TryGetValue(name, out var whole))
        {
            return Read(whole);
        }

        // model.layers.N.REST
        var parts = name.Split('.', 4);
        var (block, rest) = ($"blk.{parts[2]}.", parts[3]);
        if (rest == "mlp.gate.e_score_correction_bias")
        {
            return Read(block + "exp_probs_b.bias");
        }

        if (rest.StartsWith("mlp.experts.", StringComparison.Ordinal))
        {
            // mlp.experts.E.gate_proj.weight
            var expert = rest.Split('.');
            return Expert($"{block}ffn_{expert[3].Split('_')[0]}_exps.weight", int.Parse(expert[2]));
        }

        if (rest == "self_attn.kv_b_proj.weight" && !_checkpoint.Tensors.ContainsKey(block + "attn_kv_b.weight"))
        {
            return LatentExpansion(block);
        }

        var dot = rest.LastIndexOf('.');
        return Read(block + s_names[rest[..dot]] + rest[dot..]);
    }

    /// <summary>By the name of a file of Grok-1's release, transposed to its layout; the head, which the release has not, by its GGUF name.</summary>
    public double[] ReadGrok(string name, int layers)
    {
        if (name == "output.weight")
        {
            return Read(name);
        }

        var number = int.Parse(name.AsSpan("tensor".Length, 5));
        if (number < 2)
        {
            return Read(number == 0 ? "token_embd.weight" : "output_norm.weight");
        }

        var layer = Grok1Reference.LayerOrder(layers)[(number - 2) / Grok1Reference.TensorsPerLayer];
        var tensor = _checkpoint.Tensors[$"blk.{layer}.{s_grok[(number - 2) % Grok1Reference.TensorsPerLayer]}.weight"];
        var values = Read(tensor.Name);
        return tensor.Shape.Count switch
        {
            1 => values,
            2 => TensorReaders.Transpose(values, (int)tensor.Shape[1]),
            _ => [.. values.Chunk((int)(tensor.Shape[1] * tensor.Shape[2])).SelectMany(expert => TensorReaders.Transpose(expert, (int)tensor.Shape[2]))],
        };
    }

    public void Dispose() => _checkpoint.Dispose();

    private double[] Expert(string name, int expert) => TensorReaders.Slice(Read(name), (int)_checkpoint.Tensors[name].Shape[0], expert);

    // kv_b [heads, nope + value, latent] from k_b [heads, latent, nope] and v_b [heads, value, latent].
    private double[] LatentExpansion(string block)
    {
        var keys = _checkpoint.Tensors[block + "attn_k_b.weight"];
        var values = _checkpoint.Tensors[block + "attn_v_b.weight"];
        var (latent, nope) = ((int)keys.Shape[1], (int)keys.Shape[2]);
        return
        [
            .. Read(keys.Name).Chunk(latent * nope)
                .Zip(Read(values.Name).Chunk((int)values.Shape[1] * latent), (key, value) => TensorReaders.Transpose(key, nope).Concat(value))
                .SelectMany(head => head),
        ];
    }
}
