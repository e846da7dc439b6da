using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Crescent.Kernels.Emitted;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// Weights in their file's own layout, [Rows, Columns], Columns contiguous. A view: whoever made the bytes keeps them alive. The format and the
/// instruction-set level are type arguments of the hidden implementation; nothing below this type is virtual.
/// </summary>
public abstract class WeightMatrix
{
    private readonly MatrixSource _source;

    private protected WeightMatrix(in MatrixSource source)
    {
        _source = source;
        RowBytes = DType.Layout().RowBytes(Columns);
    }

    public DType DType => _source.Bytes.DType;

    public int Rows => _source.Bytes.Rows;

    public int Columns => _source.Bytes.Columns;

    /// <summary>Bytes of a row's codes.</summary>
    public long RowBytes { get; }

    /// <summary>
    /// The codes as they were handed in, also where a <see cref="WeightStorage"/> has moved them since: from the first row's to the last row's, with
    /// what lies between. Empty for a matrix of several parts.
    /// </summary>
    public ByteRegion Bytes => _source.Bytes.Codes;

    /// <summary>Bytes that a product reads: the codes of the rows, and their scales where those lie apart.</summary>
    public long StoredBytes => (Rows * RowBytes) + ScaleBytes;

    /// <summary>Bytes of scales that lie apart from the codes.</summary>
    internal virtual long ScaleBytes => 0;

    internal abstract IsaLevel Isa { get; }

    /// <summary>Whether products in <see cref="ActivationType.Int8"/> read the input in 8 bits.</summary>
    internal abstract bool IsQuantized { get; }

    /// <summary>A matrix over <paramref name="bytes"/> whose products run at one instruction-set level. <see cref="IsaLevel.Avx512"/> works, slowly, where only AVX2 is there.</summary>
    /// <exception cref="ArgumentException">Codes or scales are not the size that the shape takes, or the columns are not whole blocks.</exception>
    /// <exception cref="NotSupportedException">No product reads this type, or the processor lacks the level.</exception>
    public static WeightMatrix Create(in MatrixBytes bytes, IsaLevel isa) => Create(new MatrixSource(bytes), isa);

    /// <summary>A matrix over some of the bytes of storages, wherever they are.</summary>
    /// <param name="bytes">Regions of <see cref="WeightStorage.Mapped"/>.</param>
    /// <param name="scales">Null where the scales stay where they are, or there are none.</param>
    /// <inheritdoc cref="Create(in MatrixBytes, IsaLevel)"/>
    public static WeightMatrix Create(in MatrixBytes bytes, WeightStorage codes, WeightStorage? scales, IsaLevel isa)
    {
        ArgumentNullException.ThrowIfNull(codes);
        MatrixBytesCheck.CheckInside(bytes.Codes, codes, nameof(codes));
        if (scales is not null)
        {
            MatrixBytesCheck.CheckInside(bytes.Scales, scales, nameof(scales));
        }

        return Create(new MatrixSource(bytes, codes, scales), isa);
    }

    /// <summary>A matrix of consecutive rows in a format that needs no scales beside it.</summary>
    /// <inheritdoc cref="Create(in MatrixBytes, IsaLevel)"/>
    public static WeightMatrix Create(DType dtype, ByteRegion bytes, int rows, int columns, IsaLevel isa) =>
        Create(new MatrixBytes(dtype, bytes, default, rows, columns), isa);

    /// <summary>As the other overload, over some of a storage's bytes, wherever they are.</summary>
    /// <inheritdoc cref="Create(in MatrixBytes, IsaLevel)"/>
    public static WeightMatrix Create(DType dtype, WeightStorage storage, long offset, int rows, int columns, IsaLevel isa) =>
        Create(
            new MatrixBytes(dtype, storage.Mapped.Slice(offset, rows * dtype.Layout().RowBytes(columns)), default, rows, columns), storage, null, isa);

    /// <summary>One matrix of parts cut along the rows: their rows in order. Products are those of the whole matrix.</summary>
    /// <exception cref="ArgumentException">The parts differ in type, columns or instruction-set level, or there are none.</exception>
    public static WeightMatrix ConcatRows(IReadOnlyList<WeightMatrix> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        WeightMatrix[] all = [.. parts];
        ShardCheck.Check(all, "columns", part => part.Columns, part => part.Rows);
        return all.Length == 1 ? all[0] : all[0].JoinRows(all);
    }

    /// <summary>
    /// One matrix of parts cut along the columns: every row is the parts' rows one after the other. Rows are joined as floats, so products read
    /// their input as floats, whatever the parts' type.
    /// </summary>
    /// <exception cref="ArgumentException">The parts differ in type, rows or instruction-set level, or there are none.</exception>
    public static WeightMatrix ConcatColumns(IReadOnlyList<WeightMatrix> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        WeightMatrix[] all = [.. parts];
        ShardCheck.Check(all, "rows", part => part.Rows, part => part.Columns);
        return all.Length == 1 ? all[0] : all[0].JoinColumns(all);
    }

    /// <summary>Adds the regions that products read: codes, and scales where they lie apart, of every part. Not for views of rows.</summary>
    public virtual void AddRegions(ICollection<ByteRegion> regions)
    {
        ArgumentNullException.ThrowIfNull(regions);
        regions.Add(_source.Bytes.Codes);
        if (_source.Bytes.Scales.Length > 0)
        {
            regions.Add(_source.Bytes.Scales);
        }
    }

    /// <summary>The same matrix over a copy of its bytes elsewhere. Not for views of rows.</summary>
    /// <param name="place">Where the copy of a region is; see <see cref="AddRegions"/>.</param>
    /// <param name="isa">Level at which this matrix was made.</param>
    /// <exception cref="ArgumentException">A copy has another length.</exception>
    public virtual WeightMatrix CopyAt(Func<ByteRegion, ByteRegion> place, IsaLevel isa)
    {
        ArgumentNullException.ThrowIfNull(place);
        var bytes = _source.Bytes;
        return Create(bytes with { Codes = place(bytes.Codes), Scales = bytes.Scales.Length > 0 ? place(bytes.Scales) : default }, isa);
    }

    /// <summary>A view of some of the rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not in the matrix.</exception>
    public WeightMatrix RowRange(int firstRow, int rows)
    {
        if (firstRow < 0 || rows < 1 || firstRow > Rows - rows)
        {
            ThrowRange(firstRow, rows);
        }

        return View(firstRow, rows);
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

    /// <summary>Work items of a product.</summary>
    internal abstract int Panels(bool transposed);

    /// <summary>Scratch bytes that a worker needs for any item of the job.</summary>
    internal abstract long ScratchBytes(in MatMulJob job, ActivationType activations);

    /// <summary>Computes the outputs of the rows of one panel (columns of one, if transposed) for all items of a job.</summary>
    internal abstract unsafe void Multiply(in MatMulJob job, int panel, ActivationType activations, byte* scratch);

    /// <summary>Decodes columns firstColumn..firstColumn+columns of a row; whole blocks.</summary>
    internal abstract unsafe void Decode(int row, int firstColumn, int columns, float* values);

    /// <summary>Bytes of the matrix as panels; 0 where it cannot be packed.</summary>
    internal virtual long PanelBytes => 0;

    /// <summary>Packs the matrix into <see cref="PanelBytes"/> of memory. False where it was cancelled.</summary>
    /// <param name="forget">Whether to hand mapped pages back as they have been read: for memory that has no room for both.</param>
    internal virtual unsafe bool WritePanels(byte* target, bool forget, CancellationToken cancellation) => throw new UnreachableException();

    /// <summary>Lets products read panels that were written before, or with null the rows again.</summary>
    internal virtual unsafe void UsePanels(byte* panels) => throw new UnreachableException();

    private protected MatrixSource Source => _source;

    /// <summary>Bytes from a row's codes to the next row's.</summary>
    private protected nint RowStride => (nint)RowBytes * _source.Bytes.RowStep;

    private protected abstract WeightMatrix View(int firstRow, int rows);

    private protected abstract WeightMatrix JoinRows(WeightMatrix[] parts);

    private protected abstract WeightMatrix JoinColumns(WeightMatrix[] parts);

    private protected unsafe byte* RowAddress(int row)
    {
        Debug.Assert((uint)row < (uint)Rows, "row outside the matrix");
        return _source.Codes + (row * RowStride);
    }

    private static WeightMatrix Create(in MatrixSource source, IsaLevel isa) => source.Bytes.DType switch
    {
        DType.F32 => CreateFloat<F32>(source, isa),
        DType.F16 => CreateFloat<F16>(source, isa),
        DType.BF16 => CreateFloat<BF16>(source, isa),
        DType.Q4_0 => CreateBlock32<Q4_0>(source, isa),
        DType.Q4_1 => CreateBlock32<Q4_1>(source, isa),
        DType.Q5_0 => CreateBlock32<Q5_0>(source, isa),
        DType.Q5_1 => CreateBlock32<Q5_1>(source, isa),
        DType.Q8_0 => CreateBlock32<Q8_0>(source, isa),
        DType.IQ4_NL => CreateBlock32<IQ4_NL>(source, isa),
        DType.MXFP4 => CreateBlock32<MXFP4>(source, isa),
        DType.Q2_K => CreateSuperBlock<Q2_K>(source, isa),
        DType.Q3_K => CreateSuperBlock<Q3_K>(source, isa),
        DType.Q4_K => CreateSuperBlock<Q4_K>(source, isa),
        DType.Q5_K => CreateSuperBlock<Q5_K>(source, isa),
        DType.Q6_K => CreateSuperBlock<Q6_K>(source, isa),
        DType.IQ4_XS => CreateSuperBlock<IQ4_XS>(source, isa),
        DType.IQ2_XXS => CreateSuperBlock<IQ2_XXS>(source, isa),
        DType.IQ2_XS => CreateSuperBlock<IQ2_XS>(source, isa),
        DType.IQ2_S => CreateSuperBlock<IQ2_S>(source, isa),
        DType.IQ3_XXS => CreateSuperBlock<IQ3_XXS>(source, isa),
        DType.IQ3_S => CreateSuperBlock<IQ3_S>(source, isa),
        DType.IQ1_S => CreateSuperBlock<IQ1_S>(source, isa),
        DType.IQ1_M => CreateSuperBlock<IQ1_M>(source, isa),
        DType.TQ1_0 => CreateSuperBlock<TQ1_0>(source, isa),
        DType.TQ2_0 => CreateSuperBlock<TQ2_0>(source, isa),
        DType.INT4_G32 => CreateBlock32<INT4_G32>(source, isa),
        DType.MXFP4_SPLIT => CreateBlock32<MXFP4_SPLIT>(source, isa),
        DType.F8_E4M3 => CreateTileScaled(source, isa),
        DType.INT8_KN => CreateInputMajor(source, isa),
        _ => ThrowUnsupported(source.Bytes.DType),
    };

    private static WeightMatrix CreateFloat<TElement>(in MatrixSource source, IsaLevel isa)
        where TElement : unmanaged, IFloatElement<TElement>
    {
        MatrixBytesCheck.Check(source.Bytes, isa);
        return isa switch
        {
            IsaLevel.Avx512 or IsaLevel.Avx512Vnni => new FloatMatrix<TElement, Avx512Isa>(source),
            IsaLevel.Avx2 => new FloatMatrix<TElement, Avx2Isa>(source),
            _ => new FloatMatrix<TElement, PortableIsa>(source),
        };
    }

    private static WeightMatrix CreateBlock32<TBlock>(in MatrixSource source, IsaLevel isa)
        where TBlock : unmanaged, IBlock32<TBlock>
    {
        MatrixBytesCheck.Check(source.Bytes, isa);
        return isa switch
        {
            IsaLevel.Avx512Vnni => new Block32Matrix<TBlock, Avx512Isa>(source, PanelRows.Of(source.Bytes.DType)),
            IsaLevel.Avx512 => new Block32Matrix<TBlock, Avx512Isa>(source),
            IsaLevel.Avx2 => new Block32Matrix<TBlock, Avx2Isa>(source),
            _ => new Block32Matrix<TBlock, PortableIsa>(source),
        };
    }

    private static WeightMatrix CreateSuperBlock<TBlock>(in MatrixSource source, IsaLevel isa)
        where TBlock : unmanaged, ISuperBlock<TBlock>
    {
        MatrixBytesCheck.Check(source.Bytes, isa);
        return isa switch
        {
            IsaLevel.Avx512Vnni => new SuperBlockMatrix<TBlock, Avx512Isa>(source, PanelRows.Of(source.Bytes.DType)),
            IsaLevel.Avx512 => new SuperBlockMatrix<TBlock, Avx512Isa>(source),
            IsaLevel.Avx2 => new SuperBlockMatrix<TBlock, Avx2Isa>(source),
            _ => new SuperBlockMatrix<TBlock, PortableIsa>(source),
        };
    }

    private static WeightMatrix CreateTileScaled(in MatrixSource source, IsaLevel isa)
    {
        MatrixBytesCheck.Check(source.Bytes, isa);
        return isa switch
        {
            IsaLevel.Avx512 or IsaLevel.Avx512Vnni => new TileScaledMatrix<Avx512Isa>(source, 0),
            IsaLevel.Avx2 => new TileScaledMatrix<Avx2Isa>(source, 0),
            _ => new TileScaledMatrix<PortableIsa>(source, 0),
        };
    }

    private static WeightMatrix CreateInputMajor(in MatrixSource source, IsaLevel isa)
    {
        MatrixBytesCheck.Check(source.Bytes, isa);
        var rows = source.Bytes.Rows;
        return isa switch
        {
            IsaLevel.Avx512 or IsaLevel.Avx512Vnni => new InputMajorMatrix<Avx512Isa>(source, rows),
            IsaLevel.Avx2 => new InputMajorMatrix<Avx2Isa>(source, rows),
            _ => new InputMajorMatrix<PortableIsa>(source, rows),
        };
    }

    [DoesNotReturn]
    private static WeightMatrix ThrowUnsupported(DType dtype) =>
        throw new NotSupportedException(
            $"products with {DTypes.Describe((int)dtype)} weights are not supported; supported: {string.Join(", ", RowCodec.Supported.Concat(DTypes.Split))}");

    [DoesNotReturn]
    private void ThrowRange(int firstRow, int rows) =>
        throw new ArgumentOutOfRangeException(nameof(firstRow), $"rows {firstRow}..{(long)firstRow + rows} are not in a matrix of {Rows} rows");

    [DoesNotReturn]
    private void ThrowLength(int length) =>
        throw new ArgumentException($"a row has {Columns} values; the span has room for {length}", nameof(length));
}
