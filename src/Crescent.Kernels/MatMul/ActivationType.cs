namespace Crescent.Kernels.MatMul;

/// <summary>The form in which the input of a product with quantised weights is read. Float weights always take float input.</summary>
public enum ActivationType
{
    /// <summary>8-bit codes with a scale for 32 values: integer products, fast.</summary>
#pragma warning disable CA1720 // the name of the form, not of a CLR type
    Int8,
#pragma warning restore CA1720

    /// <summary>Floats as they are: the weights are decoded first. Slower; for comparison with reference implementations.</summary>
    F32,
}
