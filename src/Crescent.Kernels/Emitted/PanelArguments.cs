using System.Runtime.InteropServices;

namespace Crescent.Kernels.Emitted;

/// <summary>What a panel kernel reads: 16 packed rows times a few input rows. The emitter knows the positions of the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PanelArguments
{
    /// <summary>Most input rows of a call.</summary>
    public const int MostInputs = 12;

    public byte* Panel;
    public long InputEnd; // bytes of an input row
    public long OutputOffset; // bytes added to every output
    public fixed long Inputs[MostInputs]; // QuantizedGroup*
    public fixed long Outputs[MostInputs]; // float*: 16 sums are written

    public const int PanelAt = 0;
    public const int InputEndAt = 8;
    public const int OutputOffsetAt = 16;
    public const int InputsAt = 24;
    public const int OutputsAt = InputsAt + (8 * MostInputs);
}
