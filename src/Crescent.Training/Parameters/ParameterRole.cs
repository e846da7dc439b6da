namespace Crescent.Training.Parameters;

/// <summary>What a parameter is to the optimizer.</summary>
public enum ParameterRole
{
    /// <summary>Matrices inside the layers: Muon.</summary>
    Matrix,

    /// <summary>Stacked matrices of routed experts: Muon, and rounded to INT4 in the last stage.</summary>
    Expert,

    /// <summary>Embedding and head: AdamW.</summary>
    Table,

    /// <summary>Weights of norms: AdamW.</summary>
    Norm,
}
