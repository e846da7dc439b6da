using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Memory;

namespace Crescent.Kernels.MatMul;

/// <summary>The door of <see cref="WeightMatrix.Create(in MatrixBytes, IsaLevel)"/>: sizes of codes and scales against the shape.</summary>
internal static class MatrixBytesCheck
{
    public static void Check(in MatrixBytes bytes, IsaLevel isa)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.RowStep, 1);
        if (bytes.RowStep != 1 && bytes.DType is DType.F8_E4M3 or DType.INT8_KN)
        {
            Throw(bytes, $"must follow one another; found a row step of {bytes.RowStep}");
        }

        var codeBytes = SpacedRows(bytes) * bytes.DType.Layout().RowBytes(bytes.Columns);
        if (codeBytes != bytes.Codes.Length)
        {
            Throw(bytes, $"take {codeBytes} bytes; found {bytes.Codes.Length}");
        }

        CheckScales(bytes);
        if (isa is < IsaLevel.Portable or > IsaLevel.Avx512Vnni || (isa >= IsaLevel.Avx2 && !(Avx2.IsSupported && Fma.IsSupported)))
        {
            ThrowIsa(isa);
        }
    }

    /// <summary>Refuses bytes that a storage does not hold.</summary>
    public static unsafe void CheckInside(ByteRegion bytes, WeightStorage storage, string name)
    {
        var mapped = storage.Mapped;
        if (bytes.Length > 0 && (bytes.Address < mapped.Address || bytes.Address + bytes.Length > mapped.Address + mapped.Length))
        {
            ThrowOutside(bytes, mapped, name);
        }
    }

    private static void CheckScales(in MatrixBytes bytes)
    {
        if (bytes.DType == DType.INT8_KN)
        {
            CheckGroups(bytes);
            return;
        }

        var expected = bytes.DType switch
        {
            DType.F8_E4M3 => (Int128)Tiles(bytes.Rows) * Tiles(bytes.Columns) * sizeof(float),
            DType.INT4_G32 => SpacedRows(bytes) * (bytes.Columns / 32) * sizeof(ushort),
            DType.MXFP4_SPLIT => SpacedRows(bytes) * (bytes.Columns / 32),
            _ => 0,
        };
        if (expected != bytes.Scales.Length)
        {
            Throw(bytes, expected == 0 ? $"have no scales of their own; found {bytes.Scales.Length} bytes" : $"take {expected} bytes of scales; found {bytes.Scales.Length}");
        }
    }

    private static void CheckGroups(in MatrixBytes bytes)
    {
        var groupBytes = (long)bytes.Rows * sizeof(ushort);
        var groups = bytes.Scales.Length / groupBytes;
        if (groups < 1 || groups * groupBytes != bytes.Scales.Length || bytes.Columns % groups != 0)
        {
            Throw(bytes, $"take {groupBytes} bytes of scales for each group of columns, the groups of one length; found {bytes.Scales.Length}");
        }
    }

    private static Int128 SpacedRows(in MatrixBytes bytes) => ((bytes.Rows - (Int128)1) * bytes.RowStep) + 1;

    private static long Tiles(int length) => (length + (Quantization.F8_E4M3.TileLength - 1L)) / Quantization.F8_E4M3.TileLength;

    [DoesNotReturn]
    private static void Throw(in MatrixBytes bytes, string reason) =>
        throw new ArgumentException(
            $"{bytes.DType} weights of {bytes.Rows} × {bytes.Columns}{(bytes.RowStep == 1 ? "" : $", one row in {bytes.RowStep},")} {reason}", nameof(bytes));

    [DoesNotReturn]
    private static void ThrowIsa(IsaLevel isa) =>
        throw new NotSupportedException($"instruction-set level {isa} cannot run on this processor; its best is {IsaLevels.Best}");

    [DoesNotReturn]
    private static void ThrowOutside(ByteRegion bytes, ByteRegion mapped, string name) =>
        throw new ArgumentException($"the {bytes.Length} bytes of {name} are not among the {mapped.Length} of their storage", name);
}
