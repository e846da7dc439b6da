namespace Crescent.Kernels.Emitted;

/// <summary>Where emitted code finds the fields of a <see cref="MatMul.QuantizedGroup"/>.</summary>
internal static class PanelInput
{
    public const int GroupBytes = 48;
    public const int ScaleAt = 32;
    public const int NegativeSumAt = 36;
    public const int HalfSumsAt = 40;
    public const int WeightedSumAt = 44;
}
