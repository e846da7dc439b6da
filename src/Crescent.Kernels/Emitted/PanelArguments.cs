using System.Runtime.InteropServices;

namespace Crescent.Kernels.Emitted;

/// <summary>What a panel kernel reads: panels of 16 packed rows times a few input rows. The emitter knows the positions of the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PanelArguments
{
    /// <summary>Most input rows of a call.</summary>
    public const int MostInputs = 12;

    public byte* Panels; // one after another
    public long Count; // of panels, at least 1; 0 afterwards
    public long InputBegin; // bytes of an input row before the block of columns; pairs only
    public long InputEnd; // bytes of an input row up to the end of the block
    public long PanelStep; // bytes from a panel to the next; pairs only
    public long OutputOffset; // bytes from an output to the first panel's sums; past the last panel's afterwards
    public fixed long Inputs[MostInputs]; // QuantizedGroup*
    public fixed long Outputs[MostInputs]; // float*: 16 sums are written

    public const int PanelsAt = 0;
    public const int CountAt = 8;
    public const int InputBeginAt = 16;
    public const int InputEndAt = 24;
    public const int PanelStepAt = 32;
    public const int OutputOffsetAt = 40;
    public const int InputsAt = 48;
    public const int OutputsAt = InputsAt + (8 * MostInputs);
}
