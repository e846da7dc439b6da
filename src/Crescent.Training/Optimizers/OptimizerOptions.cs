namespace Crescent.Training.Optimizers;

/// <summary>Constants of MuonClip and AdamW, with the values of the Kimi K2 report where it gives them.</summary>
public sealed record OptimizerOptions
{
    /// <summary>Whether Muon steps the matrices of layers; else AdamW steps all.</summary>
    public bool Muon { get; set; } = true;

    public float Momentum { get; set; } = 0.95f;

    public float WeightDecay { get; set; } = 0.1f;

    /// <summary>Root mean square of Muon's updates, that of AdamW's (Moonlight report, section 2.2).</summary>
    public float UpdateScale { get; set; } = 0.2f;

    public float Beta1 { get; set; } = 0.9f;

    public float Beta2 { get; set; } = 0.95f;

    public float Epsilon { get; set; } = 1e-8f;

    /// <summary>Largest norm of all gradients together; 0 for any.</summary>
    public float GradientClip { get; set; } = 1;

    /// <summary>Largest attention logit of a head (τ of QK-Clip); 0 for any.</summary>
    public float LogitClip { get; set; } = 100;

    /// <summary>Step of the routers' biases towards even load.</summary>
    public float BiasStep { get; set; } = 1e-3f;
}
