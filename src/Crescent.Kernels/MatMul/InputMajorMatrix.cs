using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.MatMul;

/// <summary>Signed bytes [columns, rows] with bfloat16 scales [groups, rows]. Products take panels of rows block by block of columns; a single row is slow.</summary>
/// <param name="storedRows">Rows of the whole matrix: from one column to the next in the codes, from one group to the next in the scales.</param>
internal sealed unsafe class InputMajorMatrix<TIsa>(in MatrixSource source, int storedRows) : PanelMatrix<TIsa>(source)
    where TIsa : struct, IIsa
{
    // Columns that are unpacked before the next ones: their packed codes, or the floats, stay cached.
    private const int BlockColumns = 128;

    // Input rows that share one pass over the weights.
    private const int Int8Items = 64;

    private const int PackedBytes = BlockColumns / 32 * InputMajorMatMul.PackedGroupBytes;

    private readonly nint _stride = storedRows;
    private readonly int _groupColumns = GroupColumns(source, storedRows);

    // Codes of a group of activations meet one scale.
    internal override bool IsQuantized => _groupColumns % 32 == 0;

    internal override long ScaleBytes => (long)Groups * Rows * sizeof(ushort);

    internal override void Decode(int row, int firstColumn, int columns, float* values)
    {
        var codes = Source.Codes + row;
        for (nint i = 0; i < columns; i++)
        {
            var column = firstColumn + i;
            values[i] = (sbyte)codes[column * _stride] * ScaleOf(row, (int)column / _groupColumns);
        }
    }

    private protected override int PanelHeight => InputMajorMatMul.PanelRows;

    private protected override WeightMatrix View(int firstRow, int rows)
    {
        var bytes = Source.Bytes;
        var view = Source with
        {
            Bytes = bytes with
            {
                Codes = bytes.Codes.Slice(firstRow, ((Columns - 1) * (long)_stride) + rows),
                Scales = bytes.Scales.Slice(firstRow * (long)sizeof(ushort), (((Groups - 1) * (long)_stride) + rows) * sizeof(ushort)),
                Rows = rows,
            },
        };
        return new InputMajorMatrix<TIsa>(view, storedRows);
    }

    private protected override long Int8ScratchBytes(int count) =>
        PackedBytes + (InputMajorMatMul.PanelRows * sizeof(float) * (1L + (2 * Math.Min(count, Int8Items))));

    private protected override void MultiplyInt8(in MatMulJob job, int firstRow, int rows, byte* scratch)
    {
        for (var item = 0; item < job.Count; item += Int8Items)
        {
            MultiplyInt8(job, item, Math.Min(Int8Items, job.Count - item), firstRow, rows, scratch);
        }
    }

    private protected override void DecodeTile(in FloatBlock block, nint stride, float* tile)
    {
        var padded = (block.Rows + 7) & ~7;
        var scales = stackalloc float[padded];
        var eight = stackalloc float[8 * padded]; // [padded / 8, 8 columns, 8 rows]
        var group = -1;
        for (nint i = 0; i < block.Columns; i += 8)
        {
            for (nint c = 0; c < Math.Min(8, block.Columns - i); c++)
            {
                var column = block.FirstColumn + i + c;
                if ((int)column / _groupColumns != group)
                {
                    group = (int)column / _groupColumns;
                    InputMajorMatMul.DecodeScales(ScaleAddress(block.FirstRow, group), block.Rows, scales);
                }

                InputMajorMatMul.DecodeColumn<TIsa>(Source.Codes + block.FirstRow + (column * _stride), _stride, block.Rows, scales, eight + (8 * c));
            }

            InputMajorMatMul.StoreRows<TIsa>(eight, padded, tile + i, stride);
        }
    }

    private void MultiplyInt8(in MatMulJob job, int firstItem, int items, int firstRow, int rows, byte* packed)
    {
        var padded = (rows + 7) & ~7;
        var scales = (float*)(packed + PackedBytes);
        var acc = scales + InputMajorMatMul.PanelRows; // [items, panel rows]
        var sums = acc + (items * InputMajorMatMul.PanelRows); // [items, panel rows]
        new Span<float>(acc, 2 * items * InputMajorMatMul.PanelRows).Clear();
        int end;
        for (var column = 0; column < Columns; column = end)
        {
            var group = column / _groupColumns;
            var left = ((group + 1) * _groupColumns) - column;
            end = column + Math.Min(BlockColumns, left);
            Pack(column, end, firstRow, rows, packed);
            for (var i = 0; i < items; i++)
            {
                var input = job.Input.QuantizedRow(job.InputRow(firstItem + i)) + (column / 32);
                InputMajorMatMul.MultiplyPacked<TIsa>(packed, padded, input, (end - column) / 32, acc + (i * InputMajorMatMul.PanelRows));
            }

            if (end - column == left)
            {
                AddGroup(group, items, firstRow, rows, scales, acc, sums);
            }
        }

        for (var i = 0; i < items; i++)
        {
            Copy(sums + (i * InputMajorMatMul.PanelRows), job.OutputOf(firstItem + i) + firstRow, rows);
        }
    }

    private void Pack(nint column, nint end, int firstRow, int rows, byte* packed)
    {
        for (; column < end; column += 32, packed += InputMajorMatMul.PackedGroupBytes)
        {
            InputMajorMatMul.Pack<TIsa>(Source.Codes + firstRow + (column * _stride), _stride, rows, packed);
        }
    }

    private void AddGroup(int group, int items, int firstRow, int rows, float* scales, float* acc, float* sums)
    {
        InputMajorMatMul.DecodeScales(ScaleAddress(firstRow, group), rows, scales);
        for (var i = 0; i < items * InputMajorMatMul.PanelRows; i += InputMajorMatMul.PanelRows)
        {
            InputMajorMatMul.AddScaled<TIsa>(acc + i, scales, sums + i, rows);
        }
    }

    private int Groups => Columns / _groupColumns;

    private byte* ScaleAddress(int row, int group) => Source.Scales + (((group * _stride) + row) * sizeof(ushort));

    private float ScaleOf(int row, int group) =>
        BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(ScaleAddress(row, group)) << 16);

    // The scales end with the last group's last row.
    private static int GroupColumns(in MatrixSource source, int storedRows)
    {
        var scales = source.Bytes.Scales.Length / sizeof(ushort);
        return (int)(source.Bytes.Columns / (((scales - source.Bytes.Rows) / storedRows) + 1));
    }
}
