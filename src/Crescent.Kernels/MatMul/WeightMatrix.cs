using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// Weights in their file's own layout, [Rows, Columns], Columns contiguous. A view: whoever made the bytes keeps them alive. The format and the
/// instruction-set level are type arguments of the hidden implementation; nothing below this type is virtual.
/// </summary>
public abstract class WeightMatrix
{
    /// <summary>Rows of a work item of a product.</summary>
    internal const int PanelRows = 16;

    /// <summary>Columns of a work item of a transposed product: whole blocks of every format.</summary>
    internal const int PanelColumns = 256;

    private WeightStorage? _storage; // where the bytes may move

    private protected WeightMatrix(DType dtype, ByteRegion bytes, int rows, int columns)
    {
        DType = dtype;
        Bytes = bytes;
        Rows = rows;
        Columns = columns;
        RowBytes = dtype.Layout().RowBytes(columns);
    }

    public DType DType { get; }

    public int Rows { get; }

    public int Columns { get; }

    public long RowBytes { get; }

    /// <summary>The bytes as they were handed in, also where a <see cref="WeightStorage"/> has moved them since.</summary>
    public ByteRegion Bytes { get; }

    /// <summary>Whether products in <see cref="ActivationType.Int8"/> read the input in 8 bits.</summary>
    internal abstract bool IsQuantized { get; }

    /// <summary>A matrix over <paramref name="bytes"/> whose products run at one instruction-set level. <see cref="IsaLevel.Avx512"/> works, slowly, where only AVX2 is there.</summary>
    /// <exception cref="ArgumentException">The bytes are not the size that the shape takes, or the columns are not whole blocks.</exception>
    /// <exception cref="NotSupportedException">No product reads this type, or the processor lacks the level.</exception>
    public static WeightMatrix Create(DType dtype, ByteRegion bytes, int rows, int columns, IsaLevel isa) => dtype switch
    {
        DType.F32 => CreateFloat<F32>(bytes, rows, columns, isa),
        DType.F16 => CreateFloat<F16>(bytes, rows, columns, isa),
        DType.BF16 => CreateFloat<BF16>(bytes, rows, columns, isa),
        DType.Q4_0 => CreateBlock32<Q4_0>(bytes, rows, columns, isa),
        DType.Q4_1 => CreateBlock32<Q4_1>(bytes, rows, columns, isa),
        DType.Q5_0 => CreateBlock32<Q5_0>(bytes, rows, columns, isa),
        DType.Q5_1 => CreateBlock32<Q5_1>(bytes, rows, columns, isa),
        DType.Q8_0 => CreateBlock32<Q8_0>(bytes, rows, columns, isa),
        DType.IQ4_NL => CreateBlock32<IQ4_NL>(bytes, rows, columns, isa),
        DType.MXFP4 => CreateBlock32<MXFP4>(bytes, rows, columns, isa),
        DType.Q2_K => CreateSuperBlock<Q2_K>(bytes, rows, columns, isa),
        DType.Q3_K => CreateSuperBlock<Q3_K>(bytes, rows, columns, isa),
        DType.Q4_K => CreateSuperBlock<Q4_K>(bytes, rows, columns, isa),
        DType.Q5_K => CreateSuperBlock<Q5_K>(bytes, rows, columns, isa),
        DType.Q6_K => CreateSuperBlock<Q6_K>(bytes, rows, columns, isa),
        DType.IQ4_XS => CreateSuperBlock<IQ4_XS>(bytes, rows, columns, isa),
        DType.IQ2_XXS => CreateSuperBlock<IQ2_XXS>(bytes, rows, columns, isa),
        DType.IQ2_XS => CreateSuperBlock<IQ2_XS>(bytes, rows, columns, isa),
        DType.IQ2_S => CreateSuperBlock<IQ2_S>(bytes, rows, columns, isa),
        DType.IQ3_XXS => CreateSuperBlock<IQ3_XXS>(bytes, rows, columns, isa),
        DType.IQ3_S => CreateSuperBlock<IQ3_S>(bytes, rows, columns, isa),
        DType.IQ1_S => CreateSuperBlock<IQ1_S>(bytes, rows, columns, isa),
        DType.IQ1_M => CreateSuperBlock<IQ1_M>(bytes, rows, columns, isa),
        DType.TQ1_0 => CreateSuperBlock<TQ1_0>(bytes, rows, columns, isa),
        DType.TQ2_0 => CreateSuperBlock<TQ2_0>(bytes, rows, columns, isa),
        _ => ThrowUnsupported(dtype),
    };

    /// <summary>A matrix over some of a storage's bytes, wherever they are.</summary>
    /// <inheritdoc cref="Create(DType, ByteRegion, int, int, IsaLevel)"/>
    public static WeightMatrix Create(DType dtype, WeightStorage storage, long offset, int rows, int columns, IsaLevel isa)
    {
        var matrix = Create(dtype, storage.Mapped.Slice(offset, rows * dtype.Layout().RowBytes(columns)), rows, columns, isa);
        matrix._storage = storage;
        return matrix;
    }

    /// <summary>A view of some of the rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not in the matrix.</exception>
    public WeightMatrix RowRange(int firstRow, int rows)
    {
        if (firstRow < 0 || rows < 1 || firstRow > Rows - rows)
        {
            ThrowRange(firstRow, rows);
        }

        var view = View(Bytes.Slice(firstRow * RowBytes, rows * RowBytes), rows);
        view._storage = _storage;
        return view;
    }

    /// <summary>Decodes one row.</summary>
    /// <exception cref="ArgumentException">The row is not in the matrix, or the values are not <see cref="Columns"/>.</exception>
    public unsafe void DecodeRow(int row, Span<float> values)
    {
        if ((uint)row >= (uint)Rows)
        {
            ThrowRange(row, 1);
        }

        if (values.Length != Columns)
        {
            ThrowLength(values.Length);
        }

        fixed (float* target = values)
        {
            Decode(row, 0, Columns, target);
        }
    }

    /// <summary>Scratch bytes that a worker needs for any item of the job.</summary>
    internal abstract long ScratchBytes(in MatMulJob job, ActivationType activations);

    /// <summary>Computes the outputs of the rows of one panel (columns of one, if transposed) for all items of a job.</summary>
    internal abstract unsafe void Multiply(in MatMulJob job, int panel, ActivationType activations, byte* scratch);

    /// <summary>Decodes columns firstColumn..firstColumn+columns of a row; whole blocks.</summary>
    internal abstract unsafe void Decode(int row, int firstColumn, int columns, float* values);

    private protected abstract WeightMatrix View(ByteRegion bytes, int rows);

    private protected unsafe byte* RowAddress(int row)
    {
        Debug.Assert((uint)row < (uint)Rows, "row outside the matrix");
        return Bytes.Address + (_storage?.Shift ?? 0) + (row * RowBytes);
    }

    private static WeightMatrix CreateFloat<TElement>(ByteRegion bytes, int rows, int columns, IsaLevel isa)
        where TElement : unmanaged, IFloatElement<TElement>
    {
        Check(TElement.DType, bytes, rows, columns, isa);
        return isa switch
        {
            IsaLevel.Avx512 => new FloatMatrix<TElement, Avx512Isa>(bytes, rows, columns),
            IsaLevel.Avx2 => new FloatMatrix<TElement, Avx2Isa>(bytes, rows, columns),
            _ => new FloatMatrix<TElement, PortableIsa>(bytes, rows, columns),
        };
    }

    private static WeightMatrix CreateBlock32<TBlock>(ByteRegion bytes, int rows, int columns, IsaLevel isa)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        Check(TBlock.DType, bytes, rows, columns, isa);
        return isa switch
        {
            IsaLevel.Avx512 => new Block32Matrix<TBlock, Avx512Isa>(bytes, rows, columns),
            IsaLevel.Avx2 => new Block32Matrix<TBlock, Avx2Isa>(bytes, rows, columns),
            _ => new Block32Matrix<TBlock, PortableIsa>(bytes, rows, columns),
        };
    }

    private static WeightMatrix CreateSuperBlock<TBlock>(ByteRegion bytes, int rows, int columns, IsaLevel isa)
        where TBlock : unmanaged, ISuperBlock<TBlock>
    {
        Check(TBlock.DType, bytes, rows, columns, isa);
        return isa switch
        {
            IsaLevel.Avx512 => new SuperBlockMatrix<TBlock, Avx512Isa>(bytes, rows, columns),
            IsaLevel.Avx2 => new SuperBlockMatrix<TBlock, Avx2Isa>(bytes, rows, columns),
            _ => new SuperBlockMatrix<TBlock, PortableIsa>(bytes, rows, columns),
        };
    }

    private static void Check(DType dtype, ByteRegion bytes, int rows, int columns, IsaLevel isa)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var rowBytes = dtype.Layout().RowBytes(columns);
        if (rows * rowBytes != bytes.Length)
        {
            ThrowBytes(dtype, bytes.Length, rows, columns, rows * rowBytes);
        }

        if (isa is < IsaLevel.Portable or > IsaLevel.Avx512 || (isa >= IsaLevel.Avx2 && !(Avx2.IsSupported && Fma.IsSupported)))
        {
            ThrowIsa(isa);
        }
    }

    [DoesNotReturn]
    private static void ThrowBytes(DType dtype, long bytes, int rows, int columns, long expected) =>
        throw new ArgumentException($"{dtype} weights of {rows} × {columns} take {expected} bytes; found {bytes}", nameof(bytes));

    [DoesNotReturn]
    private static void ThrowIsa(IsaLevel isa) =>
        throw new NotSupportedException($"instruction-set level {isa} cannot run on this processor; its best is {IsaLevels.Best}");

    [DoesNotReturn]
    private static WeightMatrix ThrowUnsupported(DType dtype) =>
        throw new NotSupportedException(
            $"products with {DTypes.Describe((int)dtype)} weights are not supported; supported: {string.Join(", ", RowCodec.Supported)}");

    [DoesNotReturn]
    private void ThrowRange(int firstRow, int rows) =>
        throw new ArgumentOutOfRangeException(nameof(firstRow), $"rows {firstRow}..{(long)firstRow + rows} are not in a matrix of {Rows} rows");

    [DoesNotReturn]
    private void ThrowLength(int length) =>
        throw new ArgumentException($"a row has {Columns} values; the span has room for {length}", nameof(length));
}
