namespace Crescent.Engine.Checkpoints;

/// <summary>What a tensor does, told from its GGUF name: for the tally of where a model's bytes are.</summary>
public static class TensorRole
{
    public const string Experts = "experts";
    public const string SharedExperts = "sharedExperts";
    public const string Attention = "attention";
    public const string FeedForward = "feedForward";
    public const string Embeddings = "embeddings";
    public const string Head = "head";
    public const string Router = "router";
    public const string Norms = "norms";
    public const string Other = "other";

    public static string Of(string name)
    {
        var part = name.StartsWith("blk.", StringComparison.Ordinal) ? name[(name.IndexOf('.', 4) + 1)..] : name;
        return part switch
        {
            _ when part.Contains("norm", StringComparison.Ordinal) => Norms,
            _ when part.StartsWith("token_embd", StringComparison.Ordinal) => Embeddings,
            _ when part.StartsWith("output", StringComparison.Ordinal) => Head,
            _ when part.StartsWith("ffn_gate_inp", StringComparison.Ordinal) || part.StartsWith("exp_probs", StringComparison.Ordinal) => Router,
            _ when part.Contains("_exps", StringComparison.Ordinal) => Experts,
            _ when part.Contains("_shexp", StringComparison.Ordinal) => SharedExperts,
            _ when part.StartsWith("ffn_", StringComparison.Ordinal) => FeedForward,
            _ when part.StartsWith("attn_", StringComparison.Ordinal) || part.StartsWith("ssm_", StringComparison.Ordinal) => Attention,
            _ => Other,
        };
    }
}
