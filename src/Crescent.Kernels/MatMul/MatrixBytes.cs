using Crescent.Kernels.Memory;

namespace Crescent.Kernels.MatMul;

/// <summary>Where the bytes of a matrix [rows, columns] lie, for formats whose scales are apart, and for rows that alternate with another matrix's.</summary>
/// <param name="Codes">From the first row's first byte to the last row's last: ((rows − 1)·rowStep + 1) rows of codes. <see cref="DType.INT8_KN"/>: [columns, rows].</param>
/// <param name="Scales">
/// <see cref="DType.F8_E4M3"/>: float32 [⌈rows/128⌉, ⌈columns/128⌉]. <see cref="DType.INT4_G32"/>: bfloat16, <see cref="DType.MXFP4_SPLIT"/>: E8M0 bytes,
/// [rows, columns / 32], rows spaced as those of the codes. <see cref="DType.INT8_KN"/>: bfloat16 [groups, rows]. Empty for all other types.
/// </param>
/// <param name="RowStep">Rows from one to the next: 2 where the file alternates the rows of two matrices.</param>
public readonly record struct MatrixBytes(DType DType, ByteRegion Codes, ByteRegion Scales, int Rows, int Columns, int RowStep = 1);
