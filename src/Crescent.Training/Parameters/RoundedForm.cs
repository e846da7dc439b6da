namespace Crescent.Training.Parameters;

/// <summary>Forms that weights are stored in.</summary>
public enum RoundedForm
{
    /// <summary>As they are.</summary>
    Float32,

    BFloat16,

    /// <summary>INT4 in groups of 32 with a scale in bfloat16.</summary>
    Int4,
}
