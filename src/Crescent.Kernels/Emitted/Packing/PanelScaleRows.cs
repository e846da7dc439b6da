using System.Runtime.CompilerServices;

namespace Crescent.Kernels.Emitted.Packing;

/// <summary>Scales of 16 rows, one after another.</summary>
internal static unsafe class PanelScaleRows
{
    /// <summary>Copies a 16-bit scale of each row; returns where the next go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Words(byte* scale, nint stride, byte* target)
    {
        for (var row = 0; row < PanelFormat.Rows; row++)
        {
            ((ushort*)target)[row] = *(ushort*)(scale + (row * stride));
        }

        return target + (2 * PanelFormat.Rows);
    }

    /// <summary>Copies a byte of each row; returns where the next go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Bytes(byte* scale, nint stride, byte* target)
    {
        for (var row = 0; row < PanelFormat.Rows; row++)
        {
            target[row] = scale[row * stride];
        }

        return target + PanelFormat.Rows;
    }
}
