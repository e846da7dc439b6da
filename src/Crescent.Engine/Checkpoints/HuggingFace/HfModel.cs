using Crescent.Engine.Checkpoints.Gguf;

namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>A published model on its way to GGUF's names: what the architectures' maps read and write.</summary>
/// <param name="Architecture">Name of the architecture as GGUF has it.</param>
/// <param name="Hold">Keeps computed values in memory for as long as the checkpoint: values and shape to a tensor without a name.</param>
internal sealed record HfModel(string Architecture, HfConfig Config, HfTensorMap Tensors, GgufMetadataBuilder Metadata, Func<float[], long[], CheckpointTensor> Hold)
{
    /// <summary>Routed experts that a layer may have.</summary>
    public const int MostExperts = 65536;

    private const int MostLayers = 65536;

    public int Layers { get; } = Config.Integer("num_hidden_layers", 1, MostLayers);

    public int Hidden { get; } = Config.Integer("hidden_size");

    public int Heads { get; } = Config.Integer("num_attention_heads");

    /// <summary>Positions that the model was made for.</summary>
    public int ContextLength { get; } = ((string[])["max_position_embeddings", "model_max_length", "context_len"])
        .Where(Config.Contains).Select(key => Config.Integer(key, 1, int.MaxValue)).FirstOrDefault(4096);

    public void Set(string key, long value) => Metadata.Set($"{Architecture}.{key}", value);

    public void Set(string key, double value) => Metadata.Set($"{Architecture}.{key}", value);

    public void Set(string key, bool value) => Metadata.Set($"{Architecture}.{key}", value);

    public void Set(string key, string value) => Metadata.Set($"{Architecture}.{key}", value);

    public void Set(string key, ReadOnlySpan<int> values) => Metadata.Set($"{Architecture}.{key}", values);

    /// <summary>The keys that every architecture has.</summary>
    /// <param name="activation">The one that the architecture is written for, as <c>hidden_act</c> names it.</param>
    public void SetCommon(string activation = "silu")
    {
        if ((Config.Text("hidden_act") ?? activation) is var found && found != activation)
        {
            throw Config.Unsupported("hidden_act", $"'{activation}'", $"'{found}'");
        }

        Metadata.Set("general.architecture", Architecture);
        Set("block_count", Layers);
        Set("embedding_length", Hidden);
        Set("attention.head_count", Heads);
        Set("attention.layer_norm_rms_epsilon", Config.Number("rms_norm_eps", 1e-6));
        Set("vocab_size", Config.Integer("vocab_size"));
        Set("context_length", ContextLength);
    }

    /// <summary>Embedding, final norm, and the head where it is not the embedding.</summary>
    public void MapEnds()
    {
        Tensors.Matrix("token_embd.weight", "model.embed_tokens");
        Tensors.Plain("output_norm.weight", "model.norm.weight");
        if (!Config.Flag("tie_word_embeddings", false))
        {
            Tensors.Matrix("output.weight", "lm_head");
        }
    }

    /// <summary>Gate, up and down of a dense or shared unit.</summary>
    public void MapFeedForward(string name, string suffix, string source)
    {
        Tensors.Matrix($"{name}.ffn_gate{suffix}.weight", $"{source}.gate_proj");
        Tensors.Matrix($"{name}.ffn_up{suffix}.weight", $"{source}.up_proj");
        Tensors.Matrix($"{name}.ffn_down{suffix}.weight", $"{source}.down_proj");
    }

    /// <summary>The routed experts of a layer, published one by one.</summary>
    public void MapExperts(string name, int experts, string source, string gate = "gate_proj", string up = "up_proj", string down = "down_proj", PartAxis downAxis = PartAxis.Rows)
    {
        // The first one tells whether the shape that an INT4 release states is the one its bytes have.
        Tensors.CheckInt4Shape($"{source}.0.{gate}");
        Tensors.CheckInt4Shape($"{source}.0.{down}");
        Tensors.Stack($"{name}.ffn_gate_exps.weight", Sources(source, experts, gate));
        Tensors.Stack($"{name}.ffn_up_exps.weight", Sources(source, experts, up));
        Tensors.Stack($"{name}.ffn_down_exps.weight", Sources(source, experts, down), downAxis);
    }

    /// <summary>Query, key, value and output of plain attention, with head norms where they are.</summary>
    /// <param name="hasInputBias">Whether queries, keys and values have biases.</param>
    public void MapAttention(string name, string source, bool hasInputBias, bool hasOutputBias)
    {
        Tensors.Linear($"{name}.attn_q", $"{source}.q_proj", hasInputBias);
        Tensors.Linear($"{name}.attn_k", $"{source}.k_proj", hasInputBias);
        Tensors.Linear($"{name}.attn_v", $"{source}.v_proj", hasInputBias);
        Tensors.Linear($"{name}.attn_output", $"{source}.o_proj", hasOutputBias);
        Tensors.OptionalPlain($"{name}.attn_q_norm.weight", $"{source}.q_norm.weight");
        Tensors.OptionalPlain($"{name}.attn_k_norm.weight", $"{source}.k_norm.weight");
    }

    private static string[] Sources(string source, int experts, string projection) => [.. Enumerable.Range(0, experts).Select(e => $"{source}.{e}.{projection}")];
}
